//go:build vulkan

package vulkan

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"mien/atomicfile"
	"mien/engine/vulkan/vk"
)

// cacheOnDisk is the path of a file that keeps what a driver compiled, with its digest before it: a driver may take what was damaged for
// its own. No path is no file. No error comes from here: without the file, shaders are compiled once more.
type cacheOnDisk string

// cacheFile returns the file for a device in a folder: another driver has another.
func cacheFile(folder string, device *vk.Device) cacheOnDisk {
	if folder == "" {
		return ""
	}
	return cacheOnDisk(filepath.Join(folder, fmt.Sprintf("vulkan-%x.cache", device.UUID)))
}

// read returns what was kept; nil if there is nothing, or it is damaged.
func (c cacheOnDisk) read() []byte {
	info, err := os.Stat(string(c))
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	content, err := os.ReadFile(string(c))
	if err != nil || len(content) < sha256.Size {
		return nil
	}
	digest, data := content[:sha256.Size], content[sha256.Size:]
	if want := sha256.Sum256(data); !bytes.Equal(digest, want[:]) {
		return nil
	}
	return data
}

// write keeps data unless it is there already.
func (c cacheOnDisk) write(data []byte) {
	if c == "" || bytes.Equal(data, c.read()) {
		return
	}
	digest := sha256.Sum256(data)
	if os.MkdirAll(filepath.Dir(string(c)), 0o755) == nil {
		atomicfile.WriteBytes(string(c), append(digest[:], data...))
	}
}
