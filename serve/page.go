package serve

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

// The page: plain HTML, CSS and JavaScript in folder page, without anything from elsewhere.

//go:embed page
var pageFolder embed.FS

// pageFile is one of its files.
type pageFile struct {
	kind string
	text []byte
}

// pageFiles are those at each address.
var pageFiles = func() map[string]pageFile {
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	files := map[string]pageFile{}
	names, err := fs.Glob(pageFolder, "page/*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		text, err := pageFolder.ReadFile(name)
		if err != nil {
			panic(err)
		}
		files["/"+path.Base(name)] = pageFile{kinds[path.Ext(name)], text}
	}
	files["/{$}"] = files["/index.html"]
	return files
}()

// policy lets the page load its own files and nothing else, and lets no other page show it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (f pageFile) serve(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-cache") // a page of another version would not fit
	_, _ = w.Write(f.text)
	return nil
}
