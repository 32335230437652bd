package inspector

import (
	"strings"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// workerEvents are the events of a worker's own session: Message.Target says
// whose.
var workerEvents = map[string]handler{
	runtime.ConsoleAPICalled.Method: (*fold).consoleCalled,
	runtime.ExceptionThrown.Method:  (*fold).exceptionThrown,
	log.EntryAdded.Method:           (*fold).logEntry,
	debugger.Paused.Method:          (*fold).paused,
	debugger.Resumed.Method:         (*fold).resumed,
}

// maxConsole bounds Version.Console.
const maxConsole = 1000

// ofTarget finds the version whose worker a session is attached to.
func (f *fold) ofTarget() (RegistrationKey, *Version) {
	if f.m.Target == "" {
		return RegistrationKey{}, nil
	}
	for _, r := range f.s.Registrations {
		if r.Key.Instance != f.m.Instance {
			continue
		}
		for _, v := range r.Versions {
			if v.TargetID == f.m.Target || v.keptTarget == f.m.Target {
				return r.Key, v
			}
		}
	}
	return RegistrationKey{}, nil
}

func (f *fold) console(c ConsoleMessage) {
	k, v := f.ofTarget()
	if v == nil {
		return
	}
	c.Time = f.now
	w := f.version(k, v.ID)
	w.Console = w.console.add(w.Console, c, maxConsole)
	f.change(Change{Kind: ChangeConsole, Registration: k, Version: v.ID, What: c.Level + ": " + firstLine(c.Text)})
}

func firstLine(s string) string {
	line, rest, _ := strings.Cut(s, "\n")
	if rest != "" {
		line += " …"
	}
	return line
}

// wireStack is the top of a stack trace.
type wireStack struct {
	CallFrames []struct {
		URL        string `json:"url"`
		LineNumber int    `json:"lineNumber"`
	} `json:"callFrames"`
}

func (s *wireStack) place() (url string, line int) {
	if s == nil || len(s.CallFrames) == 0 {
		return "", -1
	}
	return s.CallFrames[0].URL, s.CallFrames[0].LineNumber
}

// Runtime.consoleAPICalled.
func (f *fold) consoleCalled() {
	p, ok := decode[struct {
		Type       string        `json:"type"`
		Args       []*wireObject `json:"args"`
		StackTrace *wireStack    `json:"stackTrace"`
	}](f.m.Params)
	if !ok {
		return
	}
	url, line := p.StackTrace.place()
	f.console(ConsoleMessage{Level: consoleLevel(p.Type), Text: consoleText(p.Args), URL: url, Line: line, Source: "console"})
}

// consoleLevel is the level of a console method.
func consoleLevel(method string) string {
	switch method {
	case "error", "assert":
		return "error"
	case "warning", "debug", "info":
		return method
	}
	return "log"
}

// Runtime.exceptionThrown.
func (f *fold) exceptionThrown() {
	p, ok := decode[struct {
		Details *struct {
			Text       string      `json:"text"`
			URL        string      `json:"url"`
			LineNumber int         `json:"lineNumber"`
			StackTrace *wireStack  `json:"stackTrace"`
			Exception  *wireObject `json:"exception"`
		} `json:"exceptionDetails"`
	}](f.m.Params)
	if !ok || p.Details == nil {
		return
	}
	d := p.Details
	text := d.Text
	if d.Exception != nil {
		text = strings.TrimSpace(text + " " + d.Exception.text())
	}
	url, line := d.URL, d.LineNumber
	if url == "" {
		url, line = d.StackTrace.place()
	}
	f.console(ConsoleMessage{Level: "error", Text: text, URL: url, Line: line, Source: "exception"})
}

// Log.entryAdded.
func (f *fold) logEntry() {
	p, ok := decode[struct {
		Entry *struct {
			Level      string `json:"level"`
			Text       string `json:"text"`
			URL        string `json:"url"`
			LineNumber *int   `json:"lineNumber"`
		} `json:"entry"`
	}](f.m.Params)
	if !ok || p.Entry == nil {
		return
	}
	e := p.Entry
	line, level := -1, e.Level
	if e.LineNumber != nil {
		line = *e.LineNumber
	}
	if level == "verbose" {
		level = "debug"
	}
	f.console(ConsoleMessage{Level: level, Text: e.Text, URL: e.URL, Line: line, Source: "log"})
}

// Debugger.paused.
func (f *fold) paused() {
	p, ok := decode[struct {
		Reason     string `json:"reason"`
		CallFrames []struct {
			URL      string `json:"url"`
			Location struct {
				LineNumber int `json:"lineNumber"`
			} `json:"location"`
		} `json:"callFrames"`
	}](f.m.Params)
	k, v := f.ofTarget()
	if !ok || v == nil {
		return
	}
	pause := &Pause{Since: f.now, Reason: p.Reason}
	if len(p.CallFrames) > 0 {
		pause.URL, pause.Line = p.CallFrames[0].URL, p.CallFrames[0].Location.LineNumber
	}
	f.version(k, v.ID).Paused = pause
	f.change(Change{Kind: ChangePause, Registration: k, Version: v.ID, What: "paused in the debugger", Cause: p.Reason})
}

// Debugger.resumed.
func (f *fold) resumed() {
	k, v := f.ofTarget()
	if v == nil || v.Paused == nil {
		return
	}
	f.version(k, v.ID).Paused = nil
	f.change(Change{Kind: ChangePause, Registration: k, Version: v.ID, What: "resumed"})
}
