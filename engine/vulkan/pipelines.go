//go:build vulkan

package vulkan

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mien/atomicfile"
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
	file   string // of the cache
	ready  map[pipelineKey]*vk.Pipeline
}

// pushBytes is what every device takes as push constants.
const pushBytes = 128

func (p *pipelines) open(device *vk.Device, folder string) (err error) {
	p.device, p.ready = device, map[pipelineKey]*vk.Pipeline{}
	var data []byte
	if folder != "" {
		p.file = filepath.Join(folder, fmt.Sprintf("vulkan-%x.cache", device.UUID))
		if data, err = os.ReadFile(p.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if p.layout, err = device.NewLayout(pushBytes); err != nil {
		return err
	}
	p.cache, err = device.NewCache(data)
	return err
}

// save writes what was compiled to the cache's file.
func (p *pipelines) save() error {
	if p.file == "" || len(p.ready) == 0 {
		return nil
	}
	data, err := p.device.Data(p.cache)
	if err != nil || len(data) == 0 {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(p.file, data)
}

func (p *pipelines) close() {
	for _, one := range p.ready {
		p.device.DestroyPipeline(one)
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
	p := &b.shaders
	if one := p.ready[key]; one != nil {
		return one
	}
	code, err := spirv.ReadFile("spv/" + key.shader + ".spv")
	if err == nil {
		err = checkPush(code, push)
	}
	if err != nil { // a mistake of this package
		panic(fmt.Sprintf("vulkan: shader %s: %v", key.shader, err))
	}
	one, err := p.device.NewPipeline(code, key.constants[:key.n], key.subgroup, p.layout, p.cache)
	if err != nil {
		b.stream.fail(fmt.Errorf("shader %s was not compiled: %w", key.shader, err))
		return nil
	}
	p.ready[key] = one
	return one
}
