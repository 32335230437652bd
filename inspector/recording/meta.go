package recording

import (
	"strconv"
	"time"
)

// Meta says how a recording was made. It is in the table meta, one key per field.
type Meta struct {
	Mode     Mode
	Target   string // what was recorded: a URL, an endpoint, a scope
	Browser  string // product of the backend: "Chrome/156.0.8078.79"
	Program  string // what wrote the file: "swinspect 0.4"
	Began    time.Time
	Redacted bool   // Cookie, Authorization, Set-Cookie were replaced: see Options.KeepSecrets
	Ended    string // how the recording ended: "" is not known (it still runs, or was killed)
	Comment  string
	// Extra is for those who record: their keys start with a letter and have no blanks.
	Extra map[string]string
}

const redactedNote = "the values of Cookie, Set-Cookie, Authorization and Proxy-Authorization headers and of cookies were replaced by " + Redacted

func (m Meta) pairs() map[string]string {
	pairs := map[string]string{}
	for key, value := range m.Extra {
		pairs["x."+key] = value
	}
	pairs["mode"] = string(m.Mode)
	pairs["target"] = m.Target
	pairs["browser"] = m.Browser
	pairs["program"] = m.Program
	pairs["comment"] = m.Comment
	pairs["began"] = m.Began.UTC().Format(time.RFC3339Nano)
	pairs["ended"] = m.Ended
	pairs["redacted"] = strconv.FormatBool(m.Redacted)
	if m.Redacted {
		pairs["redaction"] = redactedNote
	} else {
		pairs["redaction"] = "nothing was replaced: the file may hold passwords and session cookies"
	}
	return pairs
}

func metaOf(pairs map[string]string) Meta {
	m := Meta{
		Mode: Mode(pairs["mode"]), Target: pairs["target"], Browser: pairs["browser"], Program: pairs["program"],
		Comment: pairs["comment"], Ended: pairs["ended"], Redacted: pairs["redacted"] == "true",
	}
	m.Began, _ = time.Parse(time.RFC3339Nano, pairs["began"])
	for key, value := range pairs {
		if len(key) > 2 && key[:2] == "x." {
			if m.Extra == nil {
				m.Extra = map[string]string{}
			}
			m.Extra[key[2:]] = value
		}
	}
	return m
}
