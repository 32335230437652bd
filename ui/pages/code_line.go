package pages

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/ui/code"
)

// codeLine writes the tokens of a line: escaped text, coloured by class. It is
// written by hand because a page has thousands of them and white space counts.
func codeLine(tokens []code.Token) templ.Component {
	var b []byte
	for _, t := range tokens {
		b = appendToken(b, t)
	}
	return rawBytes(b)
}

// codePieces is codeLine with the marked pieces inside an element: mark, ins or
// del.
func codePieces(pieces []code.Piece, element string) templ.Component {
	var b []byte
	open := false
	for _, p := range pieces {
		if p.Marked != open {
			if open {
				b = append(b, "</"+element+">"...)
			} else {
				b = append(b, "<"+element+">"...)
			}
			open = p.Marked
		}
		b = appendToken(b, p.Token)
	}
	if open {
		b = append(b, "</"+element+">"...)
	}
	return rawBytes(b)
}

// appendToken writes a token. Class and element are this program's own words,
// the text is escaped.
func appendToken(b []byte, t code.Token) []byte {
	if t.Class == "" {
		return append(b, templ.EscapeString(t.Text)...)
	}
	b = append(b, `<span class="`...)
	b = append(b, t.Class...)
	b = append(b, `">`...)
	b = append(b, templ.EscapeString(t.Text)...)
	return append(b, `</span>`...)
}

func rawBytes(b []byte) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// previewStyleElement is the style element of the preview's document. The text
// is a constant of this program.
func previewStyleElement() templ.Component {
	return templ.Raw("<style>" + previewStyle + "</style>")
}
