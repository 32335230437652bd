package ui

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// maxNotices is how many notices are kept, the newest ones.
const maxNotices = 32

// notices are what swinspect itself has to say: actions refused before anything
// was sent, attaching that failed. What a browser answered is in the receipts
// of its State. Safe for concurrent use.
type notices struct {
	signal
	mu   sync.Mutex
	list []notice
	next uint64
}

type notice struct {
	components.Notice
	Browser string // "" of none
}

// add keeps a notice and wakes the streams.
func (n *notices) add(browser string, at time.Time, state components.State, lead, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next++
	n.list = append(n.list, notice{Browser: browser, Notice: components.Notice{
		ID: "n" + strconv.FormatUint(n.next, 10), State: state, Time: at, Lead: lead, Text: text,
	}})
	if extra := len(n.list) - maxNotices; extra > 0 {
		n.list = slices.Delete(n.list, 0, extra)
	}
	n.raise()
}

// newest is the newest notice of a browser, nil when there is none.
func (n *notices) newest(browser string) *components.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range slices.Backward(n.list) {
		if e.Browser == browser {
			return &e.Notice
		}
	}
	return nil
}

// footFor puts the newest thing that was done on the foot: a receipt, or a
// notice when that is newer.
func (s *Server) footFor(sh *components.Shell, b Browser, st *inspector.State) {
	id := ""
	if b != nil {
		id = b.ID()
		if n := len(st.Receipts); n > 0 {
			foot := components.ReceiptNotice(st.Receipts[n-1])
			sh.Foot = &foot
		}
	}
	if n := s.notices.newest(id); n != nil && (sh.Foot == nil || n.Time.After(sh.Foot.Time)) {
		sh.Foot = n
	}
}
