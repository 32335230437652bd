package code

// Span is a stretch of a row to be marked, in bytes of the row's text.
type Span struct{ From, To int }

// Piece is a stretch of a row: a token or a part of one, marked or not.
type Piece struct {
	Token
	Marked bool
}

// Mark cuts the tokens of a row where the marked spans begin and end. The spans
// are in order and do not overlap.
func Mark(tokens []Token, spans []Span) []Piece {
	var out []Piece
	at := 0
	for _, t := range tokens {
		text := t.Text
		for text != "" {
			for len(spans) > 0 && spans[0].To <= at {
				spans = spans[1:]
			}
			n, marked := len(text), false
			if len(spans) > 0 {
				switch s := spans[0]; {
				case s.From <= at:
					marked, n = true, min(n, s.To-at)
				default:
					n = min(n, s.From-at)
				}
			}
			out = append(out, Piece{Token{t.Class, text[:n]}, marked})
			text, at = text[n:], at+n
		}
	}
	return out
}
