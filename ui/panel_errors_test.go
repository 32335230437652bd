package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

// consoleStory is the shop whose worker 9 is attached for its console.
func consoleStory(t testing.TB) *story {
	s := sourceStory(t)
	s.event("Target.targetCreated", `{"targetInfo":{"targetId":"W9","type":"service_worker","url":"https://shop.example/sw.js","title":"","attached":false,"canAccessOpener":false,"browserContextId":"CTX0"}}`)
	s.event("ServiceWorker.workerVersionUpdated", `{"versions":[{"versionId":"9","registrationId":"1","scriptURL":"https://shop.example/sw.js","runningStatus":"running","status":"installed","targetId":"W9","controlledClients":[]}]}`)
	s.note(inspector.NoteTargetSession{TargetID: "W9", Reason: "console", Attached: true})
	s.log("log", "fresh 200 /c/wetsuits", 79)
	s.log("warning", "slow network\nsecond line", 12)
	s.log("error", "boom", 3)
	return s
}

// log tells a console call of worker 9.
func (s *story) log(level, text string, line int) {
	s.apply(inspector.Message{
		Time: s.now, Kind: inspector.KindEvent, Instance: storyInstance, Context: storyContext, Target: "W9",
		Method: "Runtime.consoleAPICalled",
		Params: []byte(fmt.Sprintf(`{"type":%q,"args":[{"type":"string","value":%s}],"executionContextId":1,"timestamp":1,"stackTrace":{"callFrames":[{"functionName":"","scriptId":"1","url":"https://shop.example/sw.js","lineNumber":%d,"columnNumber":2}]}}`, level, wire(text), line)),
	})
}

func TestErrorsLinkToTheirLine(t *testing.T) {
	s := consoleStory(t)
	page := s.page(s.server(), "errors")
	for _, want := range []string{"cache.addAll: 404", "sw.js:12", "version=8", "line=12%3A3", "#8", "fresh 200", "sw.js:80", "slow network", "kept alive by swinspect for its console", "Detach console"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestErrorsFiltersAreApart(t *testing.T) {
	s := consoleStory(t)
	page := s.page(s.server(), "errors?filter=version:7&console=level:warning,error")
	if !strings.Contains(page, "0 of 1 error") || !strings.Contains(page, "2 of 3 messages") {
		t.Error("the tables are not filtered by their own fields")
	}
	for _, q := range []string{"sort=place", "sort=-count", "csort=level", "csort=-place", "sort=message&csort=text"} {
		s.page(s.server(), "errors?"+q)
	}
}

func TestConsoleIsAttachedOnlyWhenAsked(t *testing.T) {
	s := shopStory(t)
	page := s.page(s.server(), "errors")
	if !strings.Contains(page, "Attach console") || strings.Contains(page, "Detach console") || !strings.Contains(page, "none is attached unless you ask") {
		t.Error("the console is not offered")
	}
	// The worker was asked for while it is stopped: the switch says so.
	s.note(inspector.NoteReceipt{Receipt: inspector.Receipt{
		ID: 7, Outcome: inspector.Confirmed, SentAt: s.now,
		Action: inspector.Action{Kind: inspector.SetConsole, Registration: storyKey("1"), Version: "7", On: true},
	}})
	if page := s.page(s.server(), "errors"); !strings.Contains(page, "collected as soon as it runs") {
		t.Error("a switched on console of a stopped worker is not said")
	}
}

func TestErrorsWithHostileStrings(t *testing.T) {
	s := consoleStory(t)
	s.workerError("1", "9", evilText, "javascript:alert(1)//"+evilText, 1)
	s.log("log", evilText, 1)
	s.log("error", evilText, 1)
	s.page(s.server(), "errors")
}
