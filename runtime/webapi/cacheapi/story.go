package cacheapi

import (
	"strconv"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// noteWrite tells the story that wrote to a cache what it wrote. Outside a story
// nothing is told.
func noteWrite(r *idl.Realm, story uint64, verdict, cacheName string, requests ...*fetch.Request) {
	settings := env.Of(r.Realm)
	if story == 0 || settings.Engine == nil || len(requests) == 0 {
		return
	}
	what, preposition := strconv.Itoa(len(requests))+" entries", " in "
	details := map[string]string{"cache": cacheName, "entries": strconv.Itoa(len(requests))}
	if len(requests) == 1 {
		what = requests[0].URL().String()
		details = map[string]string{"cache": cacheName, "entry": what}
	}
	if verdict == "deleted" {
		preposition = " from "
	}
	settings.Engine.Note(runtime.TraceEvent{
		Algorithm: "Batch Cache Operations", Verdict: verdict, Parent: story, Details: details,
		Decision: verdict + " " + what + preposition + cacheName,
	})
}
