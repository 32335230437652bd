package install

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// fake is a system on which these files exist, those in PATH by their names.
func fake(goos string, env map[string]string, files, path []string) System {
	return System{
		GOOS:   goos,
		Home:   "/home/u",
		Getenv: func(name string) string { return env[name] },
		IsFile: func(name string) bool { return slices.Contains(files, name) },
		LookPath: func(name string) (string, error) {
			if slices.Contains(path, name) {
				return "/bin/" + name, nil
			}
			return "", errors.New("not found")
		},
	}
}

func TestFind(t *testing.T) {
	for name, test := range map[string]struct {
		system System
		want   []string // name path profile
	}{
		"linux, in PATH": {
			fake("linux", nil, nil, []string{"chromium", "google-chrome-stable"}),
			[]string{"Chromium /bin/chromium /home/u/.config/chromium", "Google Chrome /bin/google-chrome-stable /home/u/.config/google-chrome"},
		},
		"linux, fixed places": {
			fake("linux", map[string]string{"XDG_CONFIG_HOME": "/cfg"}, []string{"/opt/microsoft/msedge/msedge", "/snap/bin/chromium"}, nil),
			[]string{"Chromium /snap/bin/chromium /cfg/chromium", "Microsoft Edge /opt/microsoft/msedge/msedge /cfg/microsoft-edge"},
		},
		"the environment comes first, each once": {
			fake("linux", map[string]string{"CHROME_PATH": "/bin/chromium", "SWINSPECT_BROWSER": "/x/my-edge"}, []string{"/x/my-edge", "/bin/chromium"}, []string{"chromium"}),
			[]string{"Microsoft Edge /x/my-edge ", "Chromium /bin/chromium "},
		},
		"an environment that names nothing": {
			fake("linux", map[string]string{"CHROME_PATH": "/gone"}, nil, nil), nil,
		},
		"darwin": {
			fake("darwin", nil, []string{"/home/u/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}, nil),
			[]string{"Google Chrome /home/u/Applications/Google Chrome.app/Contents/MacOS/Google Chrome /home/u/Library/Application Support/Google/Chrome"},
		},
		"windows": {
			fake("windows", map[string]string{"PROGRAMFILES(X86)": `C:\P86`, "LOCALAPPDATA": `C:\L`},
				[]string{`C:\P86\Microsoft\Edge\Application\msedge.exe`, `C:\L\Google\Chrome\Application\chrome.exe`}, nil),
			[]string{`Google Chrome C:\L\Google\Chrome\Application\chrome.exe C:\L\Google\Chrome\User Data`, `Microsoft Edge C:\P86\Microsoft\Edge\Application\msedge.exe C:\L\Microsoft\Edge\User Data`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, b := range test.system.Find() {
				got = append(got, b.Name+" "+b.Path+" "+b.Profile)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	if got := fake("linux", nil, nil, nil).Profiles(); len(got) != len(kinds) || got[0] != "/home/u/.config/chromium" {
		t.Errorf("got %v", got)
	}
	if got := fake("windows", nil, nil, nil).Profiles(); len(got) != 0 {
		t.Errorf("without LOCALAPPDATA: %v", got)
	}
}
