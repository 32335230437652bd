package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What nothing in the engine can stop ends its process with a cause, and the engine
// comes back: an operator that asks for terabytes.
func TestTheEngineDiesWithACause(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": `<!doctype html><title>big</title><script>
			navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(r => setTimeout(() => r.active.postMessage(45), 3000))</script>`,
		"sw.js": `addEventListener('message', e => 1n << (2n ** BigInt(e.data)))`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, errs, _ := serving(t, nil, "--site", dir+"@https://big.example", "--engine-memory", "300")
	base := strings.TrimSuffix(url, "/")
	eventually(t, base, "big.example")
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(errs.String(), "starting it again"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was said of the engine's end: %s", errs)
		}
	}
	eventually(t, base, "big.example")
}
