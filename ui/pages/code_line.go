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
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, codeHTML(tokens))
		return err
	})
}

func codeHTML(tokens []code.Token) string {
	var b []byte
	for _, t := range tokens {
		if t.Class == "" {
			b = append(b, templ.EscapeString(t.Text)...)
			continue
		}
		b = append(b, `<span class="`...)
		b = append(b, t.Class...) // one of this program's own words
		b = append(b, `">`...)
		b = append(b, templ.EscapeString(t.Text)...)
		b = append(b, `</span>`...)
	}
	return string(b)
}

// previewStyleElement is the style element of the preview's document. The text
// is a constant of this program.
func previewStyleElement() templ.Component {
	return templ.Raw("<style>" + previewStyle + "</style>")
}
