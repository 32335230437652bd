package inspector

import (
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
)

func tracedMessage(t *testing.T, steps ...swproto.Trace) Message {
	t.Helper()
	params, err := cdp.Encode(swproto.TracedEvent{Steps: steps})
	if err != nil {
		t.Fatal(err)
	}
	return Message{Time: time.Unix(1000, 0), Kind: KindEvent, Instance: "i", Context: "c", Method: swproto.Traced.Method, Params: params}
}

func TestStoriesGroupStepsByTheirFirst(t *testing.T) {
	s, _ := Apply(nil, tracedMessage(t,
		swproto.Trace{Seq: 1, Algorithm: "Handle Fetch", Step: "1", Subject: "request:7", Decision: "a subresource", Details: map[string]string{"url": "https://x/a", "method": "GET", "registration": "3"}},
		swproto.Trace{Seq: 2, Algorithm: "Update", Decision: "asked for", Details: map[string]string{"script": "https://x/sw.js"}, Subject: "registration:3"},
		swproto.Trace{Seq: 3, Algorithm: "Handle Fetch", Step: "17", Parent: 1, Decision: "the handler answered", Verdict: "responded"},
	))
	s, _ = Apply(s, tracedMessage(t,
		swproto.Trace{Seq: 3, Algorithm: "Handle Fetch", Step: "17", Parent: 1, Decision: "told again"},
		swproto.Trace{Seq: 4, Algorithm: "Update", Step: "9", Parent: 2, Decision: "one byte differs", Verdict: "byte-different"},
		swproto.Trace{Seq: 9, Algorithm: "Query Cache", Parent: 8, Decision: "of a story that is no longer remembered"},
		swproto.Trace{Seq: 10, Algorithm: "Query Cache", Parent: 8, Decision: "of the same"},
	))
	c := s.Context("i", "c")
	stories := Stories(c)
	if len(stories) != 3 || !c.Traces {
		t.Fatalf("%d stories: %+v", len(stories), stories)
	}
	lost, update, fetch := stories[0], stories[1], stories[2]
	if fetch.Title != "GET https://x/a" || fetch.Verdict != "responded" || len(fetch.Steps) != 2 || fetch.Kind != StoryFetch || fetch.Registration != "3" {
		t.Errorf("fetch: %+v", fetch)
	}
	if update.Title != "Update https://x/sw.js" || update.Verdict != "byte-different" || update.Registration != "3" || update.Kind != StoryUpdate {
		t.Errorf("update: %+v", update)
	}
	if lost.Seq != 8 || len(lost.Steps) != 2 {
		t.Errorf("lost: %+v", lost)
	}
}

func TestStoriesOfARegistration(t *testing.T) {
	s, _ := Apply(nil, tracedMessage(t,
		swproto.Trace{Seq: 1, Algorithm: "Handle Fetch", Details: map[string]string{"url": "https://x/app/a"}},
		swproto.Trace{Seq: 2, Algorithm: "Handle Fetch", Details: map[string]string{"url": "https://x/other"}},
		swproto.Trace{Seq: 3, Algorithm: "Update", Details: map[string]string{"registration": "1"}},
	))
	r := &Registration{Key: RegistrationKey{Instance: "i", Context: "c", ID: "1"}, Scope: "https://x/app/"}
	var seqs []uint64
	for _, story := range s.StoriesOf(r) {
		seqs = append(seqs, story.Seq)
	}
	if len(seqs) != 2 || seqs[0] != 3 || seqs[1] != 1 {
		t.Errorf("got %v", seqs)
	}
}

func TestWaitingForTheSameClientsIsToldOnce(t *testing.T) {
	wait := func(seq uint64, clients string) swproto.Trace {
		return swproto.Trace{Seq: seq, Algorithm: "Try Activate", Subject: "registration:1", Verdict: "waiting-for-clients", Details: map[string]string{"clients": clients}}
	}
	s, _ := Apply(nil, tracedMessage(t, wait(1, "https://x/ https://x/b"), wait(2, "https://x/"), wait(3, "https://x/"), wait(4, "https://x/")))
	stories := s.StoriesOf(&Registration{Key: RegistrationKey{Instance: "i", Context: "c", ID: "1"}, Scope: "https://x/"})
	if len(stories) != 2 || stories[0].Seq != 4 || stories[1].Seq != 1 {
		t.Errorf("%+v", stories)
	}
}

// The worker of a failed install is stopped and becomes redundant: that is not what
// came of the story.
func TestAFailedInstallIsTheVerdictOfItsStory(t *testing.T) {
	s, _ := Apply(nil, tracedMessage(t,
		swproto.Trace{Seq: 1, Algorithm: "Start Register", Details: map[string]string{"script": "https://x/sw.js"}},
		swproto.Trace{Seq: 2, Algorithm: "Install", Step: "12", Parent: 1, Verdict: "install-failed"},
		swproto.Trace{Seq: 3, Algorithm: "Terminate Service Worker", Parent: 1, Verdict: "stopping"},
		swproto.Trace{Seq: 4, Algorithm: "Update Worker State", Parent: 1, Verdict: "redundant"},
	))
	if stories := Stories(s.Context("i", "c")); len(stories) != 1 || stories[0].Verdict != "install-failed" {
		t.Errorf("%+v", stories)
	}
}
