// Package browser holds the test of the page in a real browser. It is a module of its own, so that only this test needs chromedp:
//
//	cd serve/browser && go test
//
// It wants Chromium or Chrome. MIEN_SHOTS=DIR keeps screenshots; MIEN_MODEL, MIEN_PICTURE and MIEN_CLIP take the place of what the
// repository has.
package browser

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const root = "../../"

// tab is a page in a browser, and what it complained of.
type tab struct {
	*testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// TestPage does what a person does: drops a picture, asks what the model looks at, plays a clip, moves through it, saves the results and
// turns the webcam on. The page must not complain of anything meanwhile.
func TestPage(t *testing.T) {
	at := serve(t)
	p := newTab(t)
	p.visit(at, 1280, 900)
	p.wants(`document.getElementById("where").textContent`, "Pictures never leave this computer.")
	p.shoot("empty")

	p.drop(picture(t), clip(t))
	p.until(`document.querySelectorAll("#faces .face").length === 4`)
	p.until(`document.getElementById("status").textContent.endsWith("; one file at a time: 1 other is not read")`)
	p.wants(`document.getElementById("canvas").getAttribute("aria-label").slice(0, 8)`, "4 faces.")
	p.shoot("picture")
	p.click("#faces .face button")
	p.until(`document.querySelector(".why canvas") !== null`)
	p.shoot("explained")
	p.saves("csv", "source,frame,time,face,status,", 5)

	p.open(clip(t))
	p.until(`document.getElementById("status").textContent.includes(" a second") && document.getElementById("cancel").hidden`)
	p.wants(`document.getElementById("scrub").max`, "11")
	p.wants(`document.querySelectorAll("#panels .panel").length`, "1")
	p.click("#play")
	p.until(`document.getElementById("scrub").value === "11" && document.getElementById("play").textContent === "Play"`)
	p.key("#scrub", "Home")
	p.until(`document.getElementById("clock").textContent === "0.00 s"`)
	p.key("#scrub", "ArrowRight")
	p.until(`document.getElementById("clock").textContent === "0.10 s"`)
	p.shoot("clip")
	p.saves("csv", "source,frame,time,face,status,", 13)
	p.saves("json", "{\"format\":\"mien-answer-1\"", 0)

	p.drop(broken(t))
	p.until(`document.getElementById("status").classList.contains("wrong")`)

	p.click("#webcam")
	p.until(`!document.getElementById("rate").hidden`)
	p.wants(`document.getElementById("live").textContent`, "LIVE")
	p.click("#pause")
	p.wants(`document.getElementById("live").textContent`, "PAUSED")
	p.click("#webcam")
	p.noComplaints()
}

// TestPhone looks at the page as wide as a phone: nothing may be wider.
func TestPhone(t *testing.T) {
	p := newTab(t)
	p.visit(serve(t), 390, 844)
	p.shoot("phone-empty")
	p.drop(picture(t))
	p.until(`document.querySelectorAll("#faces .face").length > 0`)
	p.shoot("phone-picture")
	p.open(clip(t))
	p.until(`document.getElementById("status").textContent.includes(" a second") && document.getElementById("cancel").hidden`)
	p.shoot("phone-clip")
	p.wants(`document.documentElement.scrollWidth`, "390")
	p.noComplaints()
}

// TestToken asks for the token, once.
func TestToken(t *testing.T) {
	const token = "a-token-of-some-length"
	p := newTab(t)
	p.visit(serve(t, "--token", token), 800, 600)
	p.until(`document.getElementById("ask").open`)
	p.do(chromedp.SendKeys("#token", token), chromedp.Click("#ask button"))
	p.until(`document.getElementById("model").textContent.startsWith("model ")`)
	p.drop(picture(t))
	p.until(`document.querySelectorAll("#faces .face").length > 0`)
	p.forgive("the server's answer 401")
	p.noComplaints()
}

// serve builds mien and starts it; it returns the address of the page.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "mien"), "./cmd/mien")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	model := cmp.Or(os.Getenv("MIEN_MODEL"), root+"testdata/golden/released_form.pth")
	command := exec.Command(filepath.Join(dir, "mien"), append([]string{"serve", "--model", model, "--listen", address}, args...)...)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	for range 100 {
		if response, err := http.Get("http://" + address + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return "http://" + address
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the server does not get ready")
	return ""
}

// newTab opens a browser with a camera that shows a pattern.
func newTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox,
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	p := &tab{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, p.hear)
	p.do(cdplog.Enable(), runtime.Enable())
	return p
}

// hear keeps whatever the console shows as an error or a warning.
func (p *tab) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			text = fmt.Sprintf("console: %s", e.Args[0].Value)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if text != "" {
		p.mu.Lock()
		p.complaints = append(p.complaints, text)
		p.mu.Unlock()
	}
}

// forgive takes the one complaint that was to be expected: the browser's own, of an answer that is an error.
func (p *tab) forgive(why string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var rest []string
	for _, c := range p.complaints {
		if !strings.HasPrefix(c, "Failed to load resource") {
			rest = append(rest, c)
		}
	}
	if len(rest) == len(p.complaints) {
		p.Errorf("no complaint of %s", why)
	}
	p.complaints = rest
}

func (p *tab) noComplaints() {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		p.Errorf("the console shows: %s", c)
	}
}

func (p *tab) do(actions ...chromedp.Action) {
	p.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.shoot("failed")
		p.Fatal(err)
	}
}

func (p *tab) visit(address string, width, height int64) {
	p.Helper()
	p.do(emulation.SetDeviceMetricsOverride(width, height, 1, width < 500), chromedp.Navigate(address))
	p.until(`document.getElementById("model").textContent !== "" && document.readyState === "complete"`)
}

// until waits until an expression is true.
func (p *tab) until(expression string) {
	p.Helper()
	if err := chromedp.Run(p.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(40*time.Second))); err != nil {
		var status string
		_ = chromedp.Run(p.ctx, chromedp.Text("#status", &status))
		p.shoot("failed")
		p.Fatalf("%s: %v; the page says %q; the console: %q", expression, err, status, p.complaints)
	}
}

// wants compares the text of an expression.
func (p *tab) wants(expression, want string) {
	p.Helper()
	p.until(fmt.Sprintf(`String(%s) === %q`, expression, want))
}

func (p *tab) click(selector string) {
	p.Helper()
	p.do(chromedp.Click(selector, chromedp.ByQuery))
}

func (p *tab) key(selector, key string) {
	p.Helper()
	p.do(chromedp.Focus(selector), chromedp.ActionFunc(func(ctx context.Context) error {
		code := map[string]int64{"Home": 36, "ArrowRight": 39}[key]
		for _, kind := range []input.KeyType{input.KeyRawDown, input.KeyUp} {
			if err := input.DispatchKeyEvent(kind).WithKey(key).WithCode(key).WithWindowsVirtualKeyCode(code).Do(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
}

// drop drops files on the page.
func (p *tab) drop(paths ...string) {
	p.Helper()
	files := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DragEnter, input.DragOver, input.Drop} {
		p.do(input.DispatchDragEvent(kind, 200, 250, files))
	}
}

// open chooses a file.
func (p *tab) open(path string) {
	p.Helper()
	p.do(chromedp.SetUploadFiles("#file", []string{path}, chromedp.ByQuery))
}

// saves presses a button and checks the beginning of the file that comes, and how many lines it has, unless that is 0.
func (p *tab) saves(kind, beginning string, lines int) {
	p.Helper()
	dir := p.TempDir()
	p.do(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir), chromedp.Click("#"+kind))
	for range 100 {
		found, _ := filepath.Glob(filepath.Join(dir, "*."+kind))
		if len(found) == 1 {
			text, err := os.ReadFile(found[0])
			if err != nil || !strings.HasPrefix(string(text), beginning) || lines > 0 && strings.Count(string(text), "\n") != lines {
				p.Fatalf("%s: %v: %s", kind, err, text)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Fatalf("no file %s came", kind)
}

// shoot keeps a screenshot of the whole page.
func (p *tab) shoot(name string) {
	p.Helper()
	dir := os.Getenv("MIEN_SHOTS")
	if dir == "" {
		return
	}
	var shot []byte
	if err := chromedp.Run(p.ctx, chromedp.Sleep(300*time.Millisecond), chromedp.FullScreenshot(&shot, 100)); err != nil {
		p.Log(err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
		p.Fatal(err)
	}
}

// picture returns one of four people.
func picture(t *testing.T) string {
	return absolute(t, cmp.Or(os.Getenv("MIEN_PICTURE"), root+"face/testdata/classroom.png"))
}

// clip returns a GIF of 12 frames, in which the picture moves to the right.
func clip(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("MIEN_CLIP"); path != "" {
		return absolute(t, path)
	}
	f, err := os.Open(root + "face/testdata/portrait.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	still, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	var g gif.GIF
	for i := range 12 {
		frame := image.NewPaletted(still.Bounds(), palette.Plan9)
		draw.Draw(frame, frame.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.FloydSteinberg.Draw(frame, frame.Bounds().Add(image.Pt(i, 0)), still, still.Bounds().Min)
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 10)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "clip.gif"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := gif.EncodeAll(out, &g); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

// broken returns a file that is no picture.
func broken(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "broken.png")
	if err := os.WriteFile(path, []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
