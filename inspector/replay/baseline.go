package replay

// Baseline are answers that were accepted, by row.
type Baseline struct{ answers map[string]*Answer }

// Answer is the accepted answer to a row; nil for none.
func (b *Baseline) Answer(id string) *Answer { return b.answers[id] }
