package inspector

import (
	"slices"
	"strings"
)

// actionNotes are the notes about actions.
var actionNotes = note((*fold).receipt)

// maxReceipts bounds State.Receipts.
const maxReceipts = 200

func (f *fold) receipt(n NoteReceipt) {
	r := n.Receipt
	i := slices.IndexFunc(f.s.Receipts, func(o *Receipt) bool { return o.ID == r.ID })
	if i < 0 {
		f.s.Receipts = appended(f.s.Receipts, &r, maxReceipts)
	} else {
		f.s.Receipts = slices.Clone(f.s.Receipts)
		f.s.Receipts[i] = &r
	}
	what := strings.TrimSpace(string(r.Action.Kind) + " " + r.Subject)
	f.change(Change{
		Kind: ChangeReceipt, Registration: r.Action.Registration, Version: r.Action.Version, Client: r.Action.Client,
		What: what + ": " + string(r.Outcome), Cause: r.Detail,
	})
}
