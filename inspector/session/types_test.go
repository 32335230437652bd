package session

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// declared are the interfaces of swinspect.d.ts with their own members, and what they extend.
func declared(t *testing.T) (members map[string][]string, extends map[string]string) {
	t.Helper()
	members, extends = map[string][]string{}, map[string]string{}
	begin := regexp.MustCompile(`^  (?:export )?interface (\w+)(?:<[^>]*>)?(?: extends ([\w, ]+))? \{(.*)$`)
	member := regexp.MustCompile(`^    (?:readonly )?(\w+)\??(?:<.*?>)?[(:]`)
	inline := regexp.MustCompile(`(\w+)\??:`)
	name := ""
	for line := range strings.Lines(Types) {
		line = strings.TrimRight(line, "\n")
		if m := begin.FindStringSubmatch(line); m != nil {
			name = m[1]
			members[name] = []string{}
			extends[name] = m[2]
			if strings.HasSuffix(m[3], "}") {
				for _, x := range inline.FindAllStringSubmatch(m[3], -1) {
					members[name] = append(members[name], x[1])
				}
				name = ""
			}
			continue
		}
		if line == "  }" {
			name = ""
		}
		if m := member.FindStringSubmatch(line); m != nil && name != "" && !slices.Contains(members[name], m[1]) {
			members[name] = append(members[name], m[1])
		}
	}
	return members, extends
}

var classes = []*class{
	contextClass, browserClass, recordingClass, pageClass, fetchedClass, cachedClass, registrationClass, versionClass, notificationClass,
	storageClass, cacheClass, fetchesClass, rowClass, networkClass, routeClass, clockClass, siteClass, breakpointClass, pausedClass, frameClass, scopeClass,
}

// shapes are the objects that are no handles: what is read from scripts and given to them.
var shapes = map[string]any{
	"TimelineEvent": timelineEvent{}, "Navigation": navigation{}, "ConsoleMessage": consoleMessage{}, "VersionInfo": versionInfo{},
	"CacheEntry": cachedEntry{}, "CacheExplanation": explanation{}, "SiteRequest": siteRequest{}, "RoutedRequest": routed{},
	"MatchOptions": matchOptions{}, "ReplayReport": ReplayReport{},
}

// What swinspect.d.ts declares is what scripts are given, no more and no less.
func TestTypesAndRuntimeAgree(t *testing.T) {
	members, extends := declared(t)
	known := map[string]bool{}
	for _, k := range classes {
		known[k.name] = true
		compareNames(t, k.name, members[k.name], append(sortedKeys(k.methods), sortedKeys(k.getters)...))
		parent := ""
		if k.parent != nil {
			parent = k.parent.name
		}
		if extends[k.name] != parent {
			t.Errorf("%s extends %q, the class %q", k.name, extends[k.name], parent)
		}
	}
	for name, shape := range shapes {
		known[name] = true
		compareNames(t, name, members[name], jsonNames(shape))
	}
	compareNames(t, "Fixtures", members["Fixtures"], fixtureNames)
	var start struct{ startOptions }
	compareNames(t, "StartOptions", members["StartOptions"], append(jsonNames(&start), "site"))
	compareNames(t, "TestOptions", append(members["TestOptions"], members["StartOptions"]...), append(jsonNames(&testOptions{}), "site"))
	// Those whose members are arguments, or made in lib.js (see TestLibraryAgrees).
	for _, name := range []string{
		"Waiting", "Fixtures", "TestOptions", "Test", "Expect", "Matchers", "StartOptions", "EngineOptions", "NavigateOptions", "FetchInit",
		"RegistrationInfo", "FetchFilter", "FetchExplanation", "RespondInit", "URLSearchParamsLike", "BreakpointCommon", "BreakpointOptions",
	} {
		known[name] = true
	}
	for name := range members {
		if !known[name] {
			t.Errorf("nothing is known of the interface %s", name)
		}
	}
	var exported, global []string
	for _, m := range regexp.MustCompile(`(?m)^  export (?:const|function) (\w+)`).FindAllStringSubmatch(Types, -1) {
		if !slices.Contains(exported, m[1]) {
			exported = append(exported, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^declare const (\w+)`).FindAllStringSubmatch(Types, -1) {
		global = append(global, m[1])
	}
	compareNames(t, "the module", exported, exports)
	compareNames(t, "the globals", append(global, "open"), exports) // open() is taken, in the types of browsers
}

func compareNames(t *testing.T, what string, declared, real []string) {
	t.Helper()
	declared, real = slices.Compact(slices.Sorted(slices.Values(declared))), slices.Compact(slices.Sorted(slices.Values(real)))
	for _, name := range declared {
		if !slices.Contains(real, name) {
			t.Errorf("%s: %s is declared and is not there", what, name)
		}
	}
	for _, name := range real {
		if !slices.Contains(declared, name) {
			t.Errorf("%s: %s is there and not declared", what, name)
		}
	}
}

// What lib.js makes is what is declared.
func TestLibraryAgrees(t *testing.T) {
	members, _ := declared(t)
	r := &runner{Options: Options{Backend: "engine"}}
	f, err := r.newFile("script.ts", &bundle{}, &snapshots{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for what, c := range map[string]struct {
		expression string
		declared   []string
	}{
		"Matchers": {"Object.keys(expect(1))", members["Matchers"]},
		"Expect":   {"Object.keys(expect)", members["Expect"]},
		"Test":     {"Object.keys(test)", members["Test"]},
	} {
		var names []string
		if err := f.do(t.Context(), func() {
			v, err := f.rt.RunString(c.expression)
			if err != nil {
				panic(err)
			}
			if err := f.rt.ExportTo(v, &names); err != nil {
				panic(f.rt.NewGoError(err))
			}
		}); err != nil {
			t.Fatal(err)
		}
		compareNames(t, what, c.declared, names)
	}
}
