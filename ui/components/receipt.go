package components

import (
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// OutcomeState is an outcome as glyph, word and colour.
func OutcomeState(o inspector.Outcome) State {
	switch o {
	case inspector.Confirmed:
		return State{"confirmed", "confirmed", "ok"}
	case inspector.NoEffect:
		return State{"noeffect", "no effect", "wait"}
	case inspector.Failed:
		return State{"failed", "failed", "bad"}
	}
	return State{"spin", "sent", "work"}
}

// ActionName is an action as a verb that starts a line: "Skip waiting".
func ActionName(k inspector.ActionKind) string {
	if k == "" {
		return ""
	}
	return strings.ToUpper(string(k[:1])) + string(k[1:])
}

// ReceiptNotice is a receipt as one line.
func ReceiptNotice(r *inspector.Receipt) Notice {
	n := Notice{
		ID: "r" + strconv.FormatUint(r.ID, 10), State: OutcomeState(r.Outcome), Time: r.SentAt,
		Lead: ActionName(r.Action.Kind), Text: r.Detail,
	}
	switch {
	case setting(r.Action.Kind):
		n.Lead += " " + switchWord(r.Action.On) + ", " + r.Subject
	case r.Subject != "":
		n.Lead += " of " + r.Subject
	}
	if !r.EndedAt.IsZero() {
		n.Time = r.EndedAt
	}
	return n
}

// ownSubject tells that a receipt is about the registration of the page, which
// needs no saying there.
func ownSubject(sh *Shell, r *inspector.Receipt) bool {
	return sh.Head != nil && r.Subject == sh.Head.Registration.Scope
}

// setting tells whether an action turns something on or off.
func setting(k inspector.ActionKind) bool {
	switch k {
	case inspector.SetOffline, inspector.SetBypass, inspector.SetUpdateOnReload, inspector.SetConsole:
		return true
	}
	return false
}

func switchWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// receiptTook is how long an action took, "" while it runs.
func receiptTook(r *inspector.Receipt) string {
	if r.EndedAt.IsZero() {
		return ""
	}
	return Span(r.EndedAt.Sub(r.SentAt).Round(time.Millisecond))
}

// receiptScript is what was done as a statement of a session script.
func receiptScript(sh *Shell, r *inspector.Receipt) string {
	if sh.Head == nil {
		return ""
	}
	return ActionScript(r.Action, sh.Head.State)
}
