package session

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
)

// evaluate runs an expression in the page and gives its JSON; nil is undefined.
func (p *page) evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	s, err := p.live(ctx)
	if err != nil {
		return nil, err
	}
	return evaluateIn(ctx, s, expression)
}

func evaluateIn(ctx context.Context, s *cdp.Session, expression string) (json.RawMessage, error) {
	yes := true
	r, err := cdproto.Call(ctx, s, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes, AllowUnsafeEvalBlockedByCSP: &yes,
	})
	if err != nil {
		return nil, err
	}
	if d := r.ExceptionDetails; d != nil {
		return nil, thrownThere(d)
	}
	if r.Result == nil || len(r.Result.Value) == 0 {
		return nil, nil
	}
	return json.RawMessage(r.Result.Value), nil
}

// thrownThere is what was thrown in a page or worker.
func thrownThere(d *runtime.ExceptionDetails) error {
	e := &pageError{name: "Error", text: d.Text}
	if x := d.Exception; x != nil {
		if x.ClassName != "" {
			e.name = x.ClassName
		}
		switch {
		case x.Description != "":
			text, _, _ := strings.Cut(x.Description, "\n    at ")
			e.text = strings.TrimPrefix(text, e.name+": ")
		case len(x.Value) > 0:
			e.text = "thrown: " + string(x.Value)
		}
	}
	return e
}

// asExpression is what a script gives to evaluate: an expression, or a function that is
// called with JSON arguments.
func (c *call) asExpression(i int) string {
	var b strings.Builder
	if fn, ok := c.arg(i).Export().(string); ok {
		if c.has(i + 1) {
			c.fail("arguments are for functions: what is given is an expression")
		}
		return fn
	}
	c.function(i, "what is evaluated")
	fmt.Fprintf(&b, "(%s)(", functionText(c.arg(i).String()))
	for n := i + 1; n < len(c.args); n++ {
		data, ok := c.f.json(c.args[n])
		if !ok {
			data = json.RawMessage("undefined")
		}
		if n > i+1 {
			b.WriteString(", ")
		}
		b.Write(data)
	}
	return b.String() + ")"
}

// functionText makes a function's source an expression: a method has no `function`.
func functionText(text string) string {
	head, _, _ := strings.Cut(text, "(")
	head = strings.TrimSpace(head)
	switch {
	case strings.HasPrefix(head, "function"), strings.HasPrefix(head, "async function"), head == "", head == "async", strings.Contains(head, "=>"):
		return text
	case strings.HasPrefix(head, "async "):
		return "async function " + strings.TrimPrefix(text, "async ")
	}
	return "function " + text
}
