package serve

import (
	"embed"
	"mime"
	"net/http"
	"path"
)

// The page: plain HTML, CSS and JavaScript in folder page, without anything from elsewhere.

//go:embed page
var pageFolder embed.FS

// pageFile is one of its files.
type pageFile struct{ name string }

// pageFiles are what is at which address.
var pageFiles = map[string]pageFile{"/{$}": {"index.html"}}

// policy lets the page load its own files and nothing else, and lets no other page show it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (f pageFile) serve(w http.ResponseWriter, _ *http.Request) error {
	text, err := pageFolder.ReadFile("page/" + f.name)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(f.name)))
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(text)
	return nil
}
