//go:build vulkan

package vulkan

import (
	"embed"
	"fmt"

	"mien/engine/vulkan/vk"
)

// Compiled shaders: SPIR-V is in the binary, the driver compiles it for its device when it is first used.

//go:embed spv/*.spv
var spirv embed.FS

// pipelineKey names a shader and the values of its specialization constants.
type pipelineKey struct {
	shader    string
	constants [12]uint32
	n         int
	subgroup  int // threads that a subgroup must have, 0 for any number
}

// pipelines are what the driver has compiled.
type pipelines struct {
	device *vk.Device
	layout *vk.Layout
	cache  *vk.Cache
	file   cacheOnDisk
	ready  map[pipelineKey]*pipeline
	refuse func(pipelineKey) bool // nil but for tests
}

// pipeline is a shader that is ready to run, and the bytes of its push constants.
type pipeline struct {
	*vk.Pipeline
	push int
}

// pushBytes is what every device takes as push constants.
const pushBytes = 128

func (p *pipelines) open(device *vk.Device, file cacheOnDisk) (err error) {
	p.device, p.file, p.ready = device, file, map[pipelineKey]*pipeline{}
	if p.layout, err = device.NewLayout(pushBytes); err != nil {
		return err
	}
	if p.cache, err = device.NewCache(file.read()); err != nil {
		p.cache, err = device.NewCache(nil)
	}
	return err
}

// save keeps what was compiled for the next process.
func (p *pipelines) save() {
	if data, err := p.device.Data(p.cache); err == nil && len(p.ready) > 0 {
		p.file.write(data)
	}
}

func (p *pipelines) close() {
	for _, one := range p.ready {
		p.device.DestroyPipeline(one.Pipeline)
	}
	if p.cache != nil {
		p.device.DestroyCache(p.cache)
	}
	if p.layout != nil {
		p.device.DestroyLayout(p.layout)
	}
}

// pipeline returns a shader that is ready to run and takes push constants of a size; nil after an error, which the stream keeps.
func (b *Backend) pipeline(key pipelineKey, push int) *vk.Pipeline {
	one, err := b.shaders.compile(key)
	if err != nil {
		b.stream.fail(err)
		return nil
	}
	if one.push != push { // a mistake of this package
		panic(fmt.Sprintf("vulkan: shader %s: its push constants have %d bytes, and %d are pushed", key.shader, one.push, push))
	}
	return one.Pipeline
}

// compile has the driver compile a shader, unless it has done so.
func (p *pipelines) compile(key pipelineKey) (*pipeline, error) {
	if one := p.ready[key]; one != nil {
		return one, nil
	}
	code, err := spirv.ReadFile("spv/" + key.shader + ".spv")
	push := 0
	if err == nil {
		push, err = pushSize(code)
	}
	if err != nil { // a mistake of this package
		panic(fmt.Sprintf("vulkan: shader %s: %v", key.shader, err))
	}
	one, err := p.create(key, code)
	if err != nil {
		return nil, fmt.Errorf("shader %s was not compiled: %w", key.shader, err)
	}
	p.ready[key] = &pipeline{one, push}
	return p.ready[key], nil
}

func (p *pipelines) create(key pipelineKey, code []byte) (*vk.Pipeline, error) {
	if p.refuse != nil && p.refuse(key) {
		return nil, vk.OutOfMemory
	}
	return p.device.NewPipeline(code, key.constants[:key.n], key.subgroup, p.layout, p.cache)
}
