package runtime_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/internal/spec"
)

// implementations names the Go function of each algorithm of Appendix A, by folder
// below runtime/ and function. A test finds each.
var implementations = map[string]string{
	"Create Job":                                "createJob",
	"Schedule Job":                              "scheduleJob",
	"Run Job":                                   "runJob",
	"Finish Job":                                "finishJob",
	"Resolve Job Promise":                       "resolveJobPromise",
	"Reject Job Promise":                        "rejectJobPromise",
	"Start Register":                            "startRegister",
	"Register":                                  "register",
	"Update":                                    "update",
	"Soft Update":                               "softUpdate",
	"Install":                                   "install",
	"Activate":                                  "activate",
	"Try Activate":                              "tryActivate",
	"Setup ServiceWorkerGlobalScope":            "setupServiceWorkerGlobalScope",
	"Run Service Worker":                        "runServiceWorker",
	"All Fetch Listeners Are Empty":             "allFetchListenersAreEmpty",
	"Terminate Service Worker":                  "terminate",
	"Handle Fetch":                              "HandleFetch",
	"Create Fetch Event and Dispatch":           "createFetchEventAndDispatch",
	"Parse URL Pattern":                         "parseURLPattern",
	"Verify Router Condition":                   "verifyRouterCondition",
	"Match Router Condition":                    "matchRouterCondition",
	"Check Router Registration Limit":           "checkRouterRegistrationLimit",
	"Count Router Inner Conditions":             "countRouterInnerConditions",
	"Get Router Source":                         "getRouterSource",
	"Should Skip Event":                         "shouldSkipEvent",
	"Fire Functional Event":                     "fireFunctionalEvent",
	"Handle Service Worker Client Unload":       "handleClientUnload",
	"Handle User Agent Shutdown":                "Shutdown",
	"Update Service Worker Extended Events Set": "extend",
	"Unregister":                                "unregister",
	"Set Registration":                          "setRegistration",
	"Clear Registration":                        "clearRegistration",
	"Try Clear Registration":                    "tryClearRegistration",
	"Update Registration State":                 "updateRegistrationState",
	"Update Worker State":                       "updateWorkerState",
	"Notify Controller Change":                  "notifyControllerChange",
	"Match Service Worker Registration":         "matchRegistration",
	"Get Registration":                          "getRegistration",
	"Get Newest Worker":                         "newestWorker",
	"Service Worker Has No Pending Events":      "hasNoPendingEvents",
	"Create Client":                             "createClient",
	"Create Window Client":                      "createWindowClient",
	"Get Frame Type":                            "getFrameType",
	"Resolve Get Client Promise":                "resolveGetClientPromise",
	"Query Cache":                               "cache.query",
	"Request Matches Cached Item":               "cache.RequestMatchesCachedItem",
	"Batch Cache Operations":                    "cache.Batch",
	"Is Async Module":                           "isAsyncModule",
	"Lookup Race Response":                      "LookupRaceResponse",
}

func TestEveryAlgorithmIsImplemented(t *testing.T) {
	functions := map[string]bool{}
	for folder, prefix := range map[string]string{".": "", "cache": "cache."} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)[\[(]`).FindAllStringSubmatch(read(t, file), -1) {
				functions[prefix+m[1]] = true
			}
		}
	}
	count := 0
	for _, a := range spec.Algorithms() {
		if !a.Appendix {
			continue
		}
		count++
		if f := implementations[a.Name]; f == "" || !functions[f] {
			t.Errorf("%s: no function %q", a.Name, f)
		}
	}
	if count != 50 || len(implementations) != 50 {
		t.Errorf("%d algorithms in the specification, %d in the table; want 50", count, len(implementations))
	}
}

// others are algorithms of other standards whose steps comments name; the pinned
// specification says nothing about them.
var others = regexp.MustCompile(`^(Fetch|HTTP|HTML|DOM|RFC|Main fetch|ECMA|URL|Streams|Web|WHATWG|CDP|Chromium|Go|` +
	`StructuredS\w+|StructuredD\w+|Message port post message steps|Import scripts into worker global scope|Report an exception)\b`)

func TestStepsInCommentsExist(t *testing.T) {
	var names []string
	for _, a := range spec.Algorithms() {
		names = append(names, regexp.QuoteMeta(a.Name))
	}
	known := regexp.MustCompile(`(?:^|[ (,])(` + strings.Join(byLength(names), "|") + `) (\d+(?:\.\d+)*(?:(?: to | and |, )\d+(?:\.\d+)*)*)`)
	number := regexp.MustCompile(`\d+(?:\.\d+)*`)
	first := regexp.MustCompile(`^([A-Z][A-Za-z]*(?: [A-Za-z]+){0,6}) \d+(?:\.\d+)*(?:(?: to | and |, )\d+(?:\.\d+)*)*(?::|$)`)
	steps := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for line := 1; lines.Scan(); line++ {
			comment, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "// ")
			if !ok {
				continue
			}
			for _, m := range known.FindAllStringSubmatch(comment, -1) {
				a, _ := spec.Find(m[1])
				for _, n := range number.FindAllString(m[2], -1) {
					steps++
					if !a.HasStep(n) {
						t.Errorf("%s:%d: %s has no step %s", path, line, m[1], n)
					}
				}
			}
			if m := first.FindStringSubmatch(comment); m != nil && !others.MatchString(m[1]) && !known.MatchString(comment) {
				t.Errorf("%s:%d: no algorithm is called %q (name those of other standards by the standard first)", path, line, m[1])
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps < 300 {
		t.Errorf("only %d steps are named", steps)
	}
}

// byLength orders names so that the longest alternative is tried first.
func byLength(names []string) []string {
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			if len(names[j]) > len(names[i]) {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
