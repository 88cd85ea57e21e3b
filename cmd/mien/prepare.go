package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"mien/data"
	"mien/face"
	"mien/face/eyes"
	"mien/modelfile"
	"mien/report"
	"mien/run"
)

// mien prepare: cuts the faces out of a dataset's images and videos.

type prepareCmd struct {
	dataFlags `set:"images=List of images: a path a line, with or without a label, or a CSV." set:"videos=List of videos likewise."`
	detectorFlags
	Images    string `help:"Folder of images instead of a list, with all that are in folders below it." placeholder:"DIR"`
	Videos    string `help:"Folder of videos likewise; a folder of pictures is a video." placeholder:"DIR"`
	Out       string `help:"Folder to write: images/ takes the place of --static-root or --images, and videos/, with a folder of frames for each, that of --dynamic-root or --videos. Until it is complete it is called DIR.part." required:"" placeholder:"DIR"`
	Crop      string `help:"How faces are cut out: eyes-nose, both at the same place in all faces, as drawn faces have them; box-rotation, the detector's box turned upright, as the authors of S4D recommend; or five-point, as ArcFace sees faces, with a margin." enum:"eyes-nose,box-rotation,five-point" default:"eyes-nose"`
	Size      uint   `help:"Pixels of a crop, height and width." default:"112"`
	Steady    bool   `help:"The crops of a video follow its face, calmly, instead of being all at one place."`
	Landmarks string `help:"Landmark network that finds eyes and noses instead: a run of landmarks train, or MobileFaceNet's .pth.tar or OpenVINO .xml." placeholder:"FILE|RUN"`
	Quiet     bool   `help:"Show no progress, only errors and the result."`
}

// Pixels of a crop.
const minCrop, maxCrop = 16, 4096

func (c *prepareCmd) Run(out *console) error {
	all, err := c.plan()
	if err != nil {
		return err
	}
	record, err := c.record()
	if err != nil {
		return err
	}
	cut, err := c.cutter(out)
	if err != nil {
		return err
	}
	defer cut.close()
	work, err := beginWork(c.Out, record, all)
	if err != nil {
		return err
	}
	defer work.close()
	cut.folder = work.folder
	out.hint.Store(new(fmt.Sprintf("%s keeps what is done: the same command goes on", work.folder)))
	if err := c.cutAll(out, cut, work, all); err != nil {
		return err
	}
	if work.failed == len(all) {
		return cmp.Or(work.drop(), error(&badInputs{bad: work.failed, all: len(all)}))
	}
	if err := work.finish(); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%d of %d samples are cut out: %s\n", len(all)-work.failed, len(all), c.roots())
	if work.failed > 0 {
		fmt.Fprintf(out.stdout, "%s says of each what was found in it\n", report.Printable(filepath.Join(c.Out, facesFile)))
		return &badInputs{bad: work.failed, all: len(all)}
	}
	return nil
}

// record is what CropsFile will say, but for the counts.
func (c *prepareCmd) record() (r data.Crops, err error) {
	r = data.Crops{Format: data.CropsFormat, Crop: c.Crop, Size: int(c.Size), Videos: "alike", Eyes: eyes.Digest()}
	if c.Steady {
		r.Videos = "steady"
	}
	if r.Detector, err = c.digest(); err != nil || c.Landmarks == "" {
		return r, err
	}
	r.Landmarks, err = modelfile.SHA256(c.Landmarks) // of a run, that of its model
	return r, err
}

func (c *prepareCmd) cutter(out *console) (*cutter, error) {
	detector, err := c.open(out.backend)
	if err != nil {
		return nil, err
	}
	cut := &cutter{detector: detector, crop: face.Crop(c.Crop), size: int(c.Size), steady: c.Steady}
	if c.Landmarks != "" {
		if cut.locator, err = run.OpenLocator(c.Landmarks, out.backend); err != nil {
			cut.close()
			return nil, err
		}
	}
	return cut, nil
}

// cutAll cuts what is not done yet, several samples at once, and complains of those that cannot be used.
func (c *prepareCmd) cutAll(out *console, cut *cutter, work *work, all []cuttable) error {
	meter := newMeter(out, len(all), "cutting faces out", c.Quiet)
	defer meter.Finish()
	meter.Add(work.done)
	left := all[work.done:]
	workers := runtime.GOMAXPROCS(0)
	for row, err := range data.Ordered(out.ctx, len(left), workers, 2*workers, cut.each(left)) {
		if err != nil {
			return err
		}
		if row.reason != "" {
			meter.complain(fmt.Errorf("%s: %s", left[0].Place(), row.reason))
		}
		if err := work.add(row); err != nil {
			return err
		}
		left = left[1:]
		meter.Add(1)
	}
	return nil
}

// roots says where the crops are.
func (c *prepareCmd) roots() string {
	var parts []string
	for _, l := range []struct {
		list, folder string
		m            data.Modality
	}{{c.StaticList, c.Images, data.Image}, {c.DynamicList, c.Videos, data.Video}} {
		root := report.Printable(filepath.Join(c.Out, cropsFolder(l.m)))
		if l.list != "" {
			parts = append(parts, fmt.Sprintf("--%s-root is now %s", data.ByModality(l.m, "static", "dynamic"), root))
		}
		if l.folder != "" {
			parts = append(parts, fmt.Sprintf("%s is now %s", report.Printable(l.folder), root))
		}
	}
	return strings.Join(parts, ", ")
}

// check returns an error for flags that do not go together.
func (c *prepareCmd) check() error {
	switch {
	case c.Size < minCrop || c.Size > maxCrop:
		return usagef("--size %d: it must be from %d to %d", c.Size, minCrop, maxCrop)
	case c.Landmarks != "" && c.Crop != string(face.Drawn):
		return usagef("--landmarks finds eyes and noses, for --crop %s: leave one of them out", face.Drawn)
	case c.Landmarks != "" && c.Steady:
		return usagef("--landmarks places all crops of a video alike: leave it out, or --steady")
	}
	return nil
}

// removeEmpty removes an empty folder, if there is one.
func removeEmpty(folder string) error {
	if err := os.Remove(folder); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
