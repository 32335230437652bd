package breakpoints

import (
	"errors"
	"strings"
	"testing"
)

func TestOneOfAKind(t *testing.T) {
	s := NewSet()
	first, err := Parse("line:sw.js:3 if=x")
	if err != nil {
		t.Fatal(err)
	}
	if first, err = s.Add(first); err != nil {
		t.Fatal(err)
	}
	s.Describe(map[string]string{first.ID: "let x;"})
	again := first
	again.Line = &LineAt{URL: "sw.js", Line: 3}
	_, err = s.Add(again)
	if invalid, ok := errors.AsType[*InvalidError](err); !ok || invalid.Problem != "there is one already: 1" {
		t.Errorf("added twice: %v", err)
	}
	first.Disabled = true
	if err := s.Update(first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(again); err == nil || !strings.HasSuffix(err.Error(), "1, which is switched off") {
		t.Errorf("%v", err)
	}
	again.Condition = "y"
	if _, err := s.Add(again); err != nil {
		t.Errorf("another condition: %v", err)
	}
	data, err := s.Export()
	if err != nil {
		t.Fatal(err)
	}
	if added, err := s.Import(data, false); err != nil || len(added) != 0 || len(s.All()) != 2 {
		t.Errorf("imported its own: %v %v", added, err)
	}
	if own, err := s.AddOwn(again); err != nil || own.ID != "3" {
		t.Errorf("an owner's own: %v %v", own, err)
	}
	for _, text := range []string{"fetch:/x method=", `event:push if=""`, `event:push if=" "`, "cache:miss url="} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDoubt(t *testing.T) {
	for typ, want := range map[string]string{
		"install": "", "*": "", "notification*": "", "notificationclick": "",
		"instal": "did you mean install?", "onfetch": "did you mean fetch?", "Push": "did you mean push?",
		"zzzzzzzzz": "no event zzzzzzzzz is known",
	} {
		b := Breakpoint{Kind: Event, Event: &EventAt{Type: typ}}
		if got := b.Doubt(); !strings.HasSuffix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q", typ, got)
		}
	}
}
