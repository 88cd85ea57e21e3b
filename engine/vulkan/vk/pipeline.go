//go:build vulkan

package vk

// Pipelines: compiled shaders. All share one layout, a block of push constants.

// Layout is what pipelines have in common. Made by NewLayout.
type Layout struct{ handle uint64 }

// NewLayout returns the layout of pipelines that take up to pushBytes of push constants.
func (d *Device) NewLayout(pushBytes int) (*Layout, error) {
	d.arena.reset()
	span := put(d.arena, pushConstantRange{stages: computeStage, size: uint32(pushBytes)})
	handle, err := create(d, d.procs.CreatePipelineLayout, pipelineLayoutCreateInfo{head: head{kind: kindPipelineLayoutCreateInfo},
		rangeCount: 1, ranges: address(span)})
	return &Layout{handle}, err
}

// Cache keeps what drivers compiled.
type Cache struct{ handle uint64 }

// NewCache returns a cache that begins with what Data returned in an earlier process, or empty. A driver ignores what it cannot use.
func (d *Device) NewCache(data []byte) (*Cache, error) {
	d.arena.reset()
	p := pinned(data)
	defer p.unpin()
	handle, err := create(d, d.procs.CreatePipelineCache, pipelineCacheCreateInfo{head: head{kind: kindPipelineCacheCreateInfo},
		size: uintptr(len(data)), data: p.address()})
	return &Cache{handle}, err
}

// Data returns what is in a cache.
func (d *Device) Data(c *Cache) ([]byte, error) {
	d.arena.reset()
	n := put(d.arena, uint64(0))
	if err := try(d.procs.GetPipelineCacheData, d.handle, uintptr(c.handle), address(n), 0); err != nil || *n == 0 {
		return nil, err
	}
	p := pinned(make([]byte, *n))
	defer p.unpin()
	err := try(d.procs.GetPipelineCacheData, d.handle, uintptr(c.handle), address(n), p.address())
	return p.values[:*n], err
}

// Pipeline is a shader that is ready to run.
type Pipeline struct{ handle uint64 }

// NewPipeline compiles SPIR-V with values for its specialization constants 0, 1, …. A subgroup size other than 0 is required to be
// the shader's, with all subgroups full.
func (d *Device) NewPipeline(code []byte, constants []uint32, subgroupSize int, l *Layout, c *Cache) (*Pipeline, error) {
	a := d.arena
	a.reset()
	p := pinned(code)
	defer p.unpin()
	module, err := create(d, d.procs.CreateShaderModule, shaderModuleCreateInfo{head: head{kind: kindShaderModuleCreateInfo},
		size: uintptr(len(code)), code: p.address()})
	if err != nil {
		return nil, err
	}
	defer d.destroy(d.procs.DestroyShaderModule, module)
	info := computePipelineCreateInfo{head: head{kind: kindComputePipelineCreateInfo}, layout: l.handle, baseIndex: -1,
		stage: pipelineShaderStageCreateInfo{head: head{kind: kindPipelineShaderStageCreateInfo}, stage: computeStage, module: module,
			name: putText(a, "main"), specialization: specialize(a, constants)}}
	if subgroupSize > 0 {
		info.stage.next = address(put(a, requiredSubgroupSizeCreateInfo{head{kind: kindRequiredSubgroupSizeCreateInfo}, uint32(subgroupSize)}))
		info.stage.flags = 2 // full subgroups
	}
	handle := put(a, uint64(0))
	err = try(d.procs.CreateComputePipelines, d.handle, uintptr(c.handle), 1, address(put(a, info)), 0, address(handle))
	return &Pipeline{*handle}, err
}

// specialize returns the address of a description of constants 0, 1, ….
func specialize(a *arena, constants []uint32) uintptr {
	var entries []specializationMapEntry
	for i := range constants {
		entries = append(entries, specializationMapEntry{uint32(i), uint32(4 * i), 4})
	}
	return address(put(a, specializationInfo{count: uint32(len(constants)), entries: first(putSlice(a, entries)),
		size: uintptr(4 * len(constants)), data: first(putSlice(a, constants))}))
}

// DestroyLayout, DestroyCache and DestroyPipeline release what the device must have done with.
func (d *Device) DestroyLayout(l *Layout)     { d.destroy(d.procs.DestroyPipelineLayout, l.handle) }
func (d *Device) DestroyCache(c *Cache)       { d.destroy(d.procs.DestroyPipelineCache, c.handle) }
func (d *Device) DestroyPipeline(p *Pipeline) { d.destroy(d.procs.DestroyPipeline, p.handle) }
