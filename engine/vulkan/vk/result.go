//go:build vulkan

package vk

import "fmt"

// Result is a VkResult other than success. Timeout and incomplete answers count as errors wherever they are not expected.
type Result int32

const (
	success      Result = 0
	Timeout      Result = 2
	incomplete   Result = 5
	OutOfHost    Result = -1
	OutOfMemory  Result = -2
	Lost         Result = -4
	noDriver     Result = -9
	noLayer      Result = -6
	noExtension  Result = -7
	noFeature    Result = -8
	initialising Result = -3
	mapFailed    Result = -5
)

var results = map[Result]string{
	Timeout:      "timed out",
	incomplete:   "an incomplete answer",
	OutOfHost:    "out of host memory",
	OutOfMemory:  "out of device memory",
	Lost:         "the device was lost: its driver stopped, or something ran too long for its watchdog",
	noDriver:     "no Vulkan driver was found: install that of the GPU",
	noLayer:      "a layer is missing",
	noExtension:  "an extension is missing",
	noFeature:    "a feature is missing",
	initialising: "the driver could not start",
	mapFailed:    "memory could not be mapped",
}

func (r Result) Error() string {
	if text, ok := results[r]; ok {
		return text
	}
	return fmt.Sprintf("Vulkan error %d", int32(r))
}
