// Package install knows where Chromium browsers are installed and where they
// keep their profiles, on every system. It looks at files; it starts nothing.
package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Browser is one installed browser.
type Browser struct {
	Name    string // "Chromium", "Google Chrome", "Microsoft Edge" …
	Path    string // the executable
	Profile string // its default user data directory, "" when unknown; it need not exist
}

// kind is one brand of browser: its executables and profiles per system.
type kind struct {
	name     string
	commands []string // looked up in PATH (Linux and other Unixes)
	linux    []string // fixed places
	darwin   []string // below /Applications and ~/Applications
	windows  []string // below the Program Files directories and LOCALAPPDATA
	profile  profile
}

type profile struct{ linux, darwin, windows string }

// kinds are in order of preference for [Find]: what is meant for developers and
// automation first.
var kinds = []kind{
	{
		name:     "Chromium",
		commands: []string{"chromium", "chromium-browser"},
		linux:    []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium", "/usr/lib/chromium/chromium"},
		darwin:   []string{"Chromium.app/Contents/MacOS/Chromium"},
		windows:  []string{`Chromium\Application\chrome.exe`},
		profile:  profile{"chromium", "Chromium", `Chromium\User Data`},
	},
	{
		name:     "Google Chrome",
		commands: []string{"google-chrome", "google-chrome-stable"},
		linux:    []string{"/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/opt/google/chrome/chrome"},
		darwin:   []string{"Google Chrome.app/Contents/MacOS/Google Chrome"},
		windows:  []string{`Google\Chrome\Application\chrome.exe`},
		profile:  profile{"google-chrome", "Google/Chrome", `Google\Chrome\User Data`},
	},
	{
		name:     "Google Chrome Beta",
		commands: []string{"google-chrome-beta"},
		linux:    []string{"/opt/google/chrome-beta/chrome"},
		darwin:   []string{"Google Chrome Beta.app/Contents/MacOS/Google Chrome Beta"},
		windows:  []string{`Google\Chrome Beta\Application\chrome.exe`},
		profile:  profile{"google-chrome-beta", "Google/Chrome Beta", `Google\Chrome Beta\User Data`},
	},
	{
		name:     "Google Chrome Dev or Canary",
		commands: []string{"google-chrome-unstable", "google-chrome-canary"},
		linux:    []string{"/opt/google/chrome-unstable/chrome"},
		darwin:   []string{"Google Chrome Canary.app/Contents/MacOS/Google Chrome Canary"},
		windows:  []string{`Google\Chrome SxS\Application\chrome.exe`},
		profile:  profile{"google-chrome-unstable", "Google/Chrome Canary", `Google\Chrome SxS\User Data`},
	},
	{
		name:     "Microsoft Edge",
		commands: []string{"microsoft-edge", "microsoft-edge-stable"},
		linux:    []string{"/opt/microsoft/msedge/msedge"},
		darwin:   []string{"Microsoft Edge.app/Contents/MacOS/Microsoft Edge"},
		windows:  []string{`Microsoft\Edge\Application\msedge.exe`},
		profile:  profile{"microsoft-edge", "Microsoft Edge", `Microsoft\Edge\User Data`},
	},
	{
		name:     "Brave",
		commands: []string{"brave-browser", "brave"},
		linux:    []string{"/opt/brave.com/brave/brave"},
		darwin:   []string{"Brave Browser.app/Contents/MacOS/Brave Browser"},
		windows:  []string{`BraveSoftware\Brave-Browser\Application\brave.exe`},
		profile:  profile{"BraveSoftware/Brave-Browser", "BraveSoftware/Brave-Browser", `BraveSoftware\Brave-Browser\User Data`},
	},
}

// System is what Find looks at; tests replace it.
type System struct {
	GOOS     string
	Getenv   func(string) string
	LookPath func(string) (string, error)
	IsFile   func(string) bool
	Home     string
}

// This is the machine the program runs on.
func This() System {
	home, _ := os.UserHomeDir() // without one, the places below it do not exist
	return System{GOOS: runtime.GOOS, Getenv: os.Getenv, LookPath: exec.LookPath, IsFile: isFile, Home: home}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// Environment are the variables that name a browser to use before all others.
var Environment = []string{"SWINSPECT_BROWSER", "CHROME_PATH"}

// Find lists the installed browsers, those the environment names first, each
// executable once.
func (s System) Find() []Browser {
	var found []Browser
	seen := map[string]bool{}
	add := func(b Browser) {
		if !seen[b.Path] {
			seen[b.Path] = true
			found = append(found, b)
		}
	}
	for _, name := range Environment {
		if path := s.named(name); path != "" {
			add(Browser{Name: s.nameOf(path), Path: path})
		}
	}
	for _, k := range kinds {
		if path := s.locate(k); path != "" {
			add(Browser{Name: k.name, Path: path, Profile: s.profileOf(k)})
		}
	}
	return found
}

// Missing is what SWINSPECT_BROWSER names when that is no executable: the variable is
// swinspect's own, so that this is a mistake. "" when all is well.
func (s System) Missing() string {
	if s.named(Environment[0]) == "" {
		return s.Getenv(Environment[0])
	}
	return ""
}

// named is the executable that a variable names, by its path or its name in PATH; ""
// when it is not there.
func (s System) named(variable string) string {
	name := s.Getenv(variable)
	if name == "" || s.IsFile(name) {
		return name
	}
	if !strings.ContainsAny(name, `/\`) {
		if path, err := s.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Profiles are the default user data directories of every known brand, installed
// or not.
func (s System) Profiles() []string {
	var dirs []string
	for _, k := range kinds {
		if dir := s.profileOf(k); dir != "" {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// locate is where a brand is installed, "" when it is not.
func (s System) locate(k kind) string {
	switch s.GOOS {
	case "darwin":
		for _, dir := range []string{"/Applications", filepath.Join(s.Home, "Applications")} {
			if path := s.first(dir, k.darwin); path != "" {
				return path
			}
		}
	case "windows":
		for _, env := range []string{"PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"} {
			if dir := s.Getenv(env); dir != "" {
				if path := s.first(dir, k.windows); path != "" {
					return path
				}
			}
		}
	default:
		for _, command := range k.commands {
			if path, err := s.LookPath(command); err == nil {
				return path
			}
		}
		return s.first("", k.linux)
	}
	return ""
}

func (s System) first(dir string, names []string) string {
	for _, name := range names {
		if path := s.join(dir, name); s.IsFile(path) {
			return path
		}
	}
	return ""
}

// join joins with the separator of the system looked at, not of the one the
// program runs on.
func (s System) join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case s.GOOS == "windows":
		return dir + `\` + name
	}
	return dir + "/" + name
}

func (s System) profileOf(k kind) string {
	switch s.GOOS {
	case "darwin":
		return s.below(s.Home, "Library/Application Support/"+k.profile.darwin)
	case "windows":
		return s.below(s.Getenv("LOCALAPPDATA"), k.profile.windows)
	}
	if config := s.Getenv("XDG_CONFIG_HOME"); config != "" {
		return s.join(config, k.profile.linux)
	}
	return s.below(s.Home, ".config/"+k.profile.linux)
}

func (s System) below(base, name string) string {
	if base == "" {
		return ""
	}
	return s.join(base, name)
}

// nameOf names a browser by its executable.
func (s System) nameOf(path string) string {
	base := strings.ToLower(filepath.Base(path))
	for _, part := range []struct{ in, name string }{
		{"edge", "Microsoft Edge"}, {"brave", "Brave"}, {"chromium", "Chromium"}, {"chrome", "Google Chrome"},
	} {
		if strings.Contains(base, part.in) {
			return part.name
		}
	}
	return filepath.Base(path)
}
