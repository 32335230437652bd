package chromium

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

// Options say how a browser is launched. The zero value launches the best
// browser of this machine on a random port with a profile that is thrown away.
type Options struct {
	Path        string    // the executable; "" for the first of Find
	URL         string    // page to open; "" for about:blank
	Headless    *bool     // nil: headless when there is no display
	Port        int       // debugging port; 0 for a free one
	Pipe        bool      // speak through a pipe instead of a port: nobody else can attach, and the browser ends with us
	UserDataDir string    // "" for a throwaway profile that Close removes
	Args        []string  // further flags, after our own: they win
	Stderr      io.Writer // gets the browser's stderr and what Launch has to say; nil discards it
}

// quiet are the flags that keep a launched browser from doing things of its own:
// asking, fetching, updating, reporting, throttling what is not in front.
var quiet = []string{
	"--no-first-run",
	"--no-default-browser-check",
	"--no-service-autorun",
	"--disable-background-networking",
	"--disable-background-timer-throttling",
	"--disable-backgrounding-occluded-windows",
	"--disable-renderer-backgrounding",
	"--disable-breakpad",
	"--disable-client-side-phishing-detection",
	"--disable-component-update",
	"--disable-default-apps",
	"--disable-domain-reliability",
	"--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
	"--disable-hang-monitor",
	"--disable-ipc-flooding-protection",
	"--disable-popup-blocking",
	"--disable-prompt-on-repost",
	"--disable-search-engine-choice-screen",
	"--disable-sync",
	"--metrics-recording-only",
	"--password-store=basic",
	"--use-mock-keychain",
	"--disable-quic",
}

// arguments is the command line after the executable.
func (o Options) arguments(dir string) []string {
	args := append([]string(nil), quiet...)
	args = append(args, "--user-data-dir="+dir)
	if o.Pipe {
		args = append(args, "--remote-debugging-pipe")
	} else {
		args = append(args, fmt.Sprintf("--remote-debugging-port=%d", o.Port))
	}
	if o.headless() {
		args = append(args, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--mute-audio")
	}
	if runningAsRoot() {
		args = append(args, "--no-sandbox")
	}
	args = append(args, o.Args...)
	if o.URL != "" {
		return append(args, o.URL)
	}
	return append(args, "about:blank")
}

func (o Options) headless() bool {
	if o.Headless != nil {
		return *o.Headless
	}
	return runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == ""
}

// runningAsRoot: Chromium refuses to start its sandbox as root.
func runningAsRoot() bool { return runtime.GOOS != "windows" && os.Geteuid() == 0 }
