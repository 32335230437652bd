package realworkers

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
	"os"
	"time"
)

// BenchmarkColdStart starts a stopped worker of Workbox's generateSW: agent, globals,
// script. (Chromium 156 takes 11.9 ms.)
func BenchmarkColdStart(b *testing.B) {
	dir := filepath.Join(built(b), "workbox-generate")
	browser := window.NewBrowser(window.BrowserOptions{Network: fetch.Folder(os.DirFS(dir), origin)})
	defer browser.Close()
	p, err := browser.DefaultContext().NewPage(b.Context(), origin+"/", window.PageOptions{Wait: true})
	if err != nil {
		b.Fatal(err)
	}
	for p.Title() == "working" || p.Title() == "" {
		time.Sleep(10 * time.Millisecond)
	}
	e := browser.DefaultContext().Engine()
	w := e.WorkerByID(e.Workers()[0].ID)
	for b.Loop() {
		b.StopTimer()
		if err := e.StopWorker(b.Context(), w, errors.New("benchmark")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := e.StartWorker(b.Context(), w, "benchmark"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstPage starts the engine and shows a page of a site.
func BenchmarkFirstPage(b *testing.B) {
	dir := filepath.Join(built(b), "workbox-generate")
	for b.Loop() {
		browser := window.NewBrowser(window.BrowserOptions{Network: fetch.Folder(os.DirFS(dir), origin)})
		if _, err := browser.DefaultContext().NewPage(b.Context(), origin+"/", window.PageOptions{Wait: true}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		browser.Close()
		b.StartTimer()
	}
}
