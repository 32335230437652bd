package chromium

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// listening begins the line in which a browser tells its endpoint.
const listening = "DevTools listening on "

// output is what the browser prints: it passes it on, keeps the last lines for
// an error, and picks out the endpoint.
//
// Concurrency: the goroutines of exec.Cmd write, anybody reads.
type output struct {
	mu       sync.Mutex
	to       io.Writer // may be nil
	partial  []byte
	last     []string
	endpoint chan string // gets the WebSocket URL once; room for one
	refused  chan string // gets the line that says it will never listen, once; room for one
	told     bool        // endpoint or refused got its line
}

// defaultProfile is how Chrome 136 and later begin to say that they ignore the
// debugging port, "… Specify this using --user-data-dir."
const defaultProfile = "requires a non-default data directory"

const (
	keepLines = 12
	keepBytes = 4 << 10 // of one line
)

func newOutput(to io.Writer) *output {
	return &output{to: to, endpoint: make(chan string, 1), refused: make(chan string, 1)}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.to != nil {
		if _, err := o.to.Write(b); err != nil {
			o.to = nil // the browser must not be stopped by whoever watches
		}
	}
	o.partial = append(o.partial, b...)
	for {
		line, rest, found := bytes.Cut(o.partial, []byte("\n"))
		if !found {
			break
		}
		o.line(strings.TrimRight(string(line), "\r"))
		o.partial = rest
	}
	if len(o.partial) > keepBytes {
		o.partial = o.partial[len(o.partial)-keepBytes:]
	}
	return len(b), nil
}

func (o *output) line(line string) {
	if url, found := strings.CutPrefix(line, listening); found && !o.told {
		o.told = true
		o.endpoint <- strings.TrimSpace(url)
	}
	if strings.Contains(line, defaultProfile) && !o.told {
		o.told = true
		o.refused <- line
	}
	if strings.TrimSpace(line) == "" || isNoise(line) {
		return
	}
	if len(line) > keepBytes {
		line = line[:keepBytes]
	}
	o.last = append(o.last, line)
	if len(o.last) > keepLines {
		o.last = o.last[1:]
	}
}

// noise are the complaints of every Chromium in a container, which explain
// nothing about why it did not start.
var noise = []string{"dbus/bus.cc", "dbus/object_proxy.cc", "vaapi_wrapper", "gcm/engine", "google_apis/gcm"}

func isNoise(line string) bool {
	for _, part := range noise {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// lines are the last lines printed.
func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := append([]string(nil), o.last...)
	if rest := strings.TrimSpace(string(o.partial)); rest != "" {
		last = append(last, rest)
	}
	return last
}
