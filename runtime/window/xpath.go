package window

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xpath"
	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// The result types of XPathResult.
const (
	xpathAny = iota
	xpathNumber
	xpathString
	xpathBoolean
	xpathUnorderedIterator
	xpathOrderedIterator
	xpathUnorderedSnapshot
	xpathOrderedSnapshot
	xpathAnyUnordered
	xpathFirstOrdered
)

// xpathResult is what document.evaluate found. DIVERGES: attributes are not nodes here
// and are left out of node sets.
type xpathResult struct {
	kind  int
	doc   *Document
	value any // a number, string or boolean
	nodes []*html.Node
	next  int
}

// maxXPath bounds an expression, for the parser recurses.
const maxXPath, maxXPathDepth = 16 << 10, 100

func compileXPath(source string) (*xpath.Expr, error) {
	depth, deepest := 0, 0
	for _, r := range source {
		switch r {
		case '(', '[':
			depth++
			deepest = max(deepest, depth)
		case ')', ']':
			depth--
		}
	}
	if len(source) > maxXPath || deepest > maxXPathDepth || strings.Contains(source, strings.Repeat("-", maxXPathDepth)) {
		return nil, fmt.Errorf("the expression is too complex")
	}
	return xpath.Compile(source)
}

// evaluateXPath evaluates an expression about a node.
func evaluateXPath(source string, at *Node, kind int) (r *xpathResult, err error) {
	defer func() { // the library panics where it finds an expression wanting
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	expression, err := compileXPath(source)
	if err != nil {
		return nil, err
	}
	r = &xpathResult{kind: kind, doc: at.doc}
	switch v := expression.Evaluate(navigatorAt(at.n)).(type) {
	case *xpath.NodeIterator:
		for v.MoveNext() {
			n := v.Current().(*htmlquery.NodeNavigator)
			if n.NodeType() != xpath.AttributeNode && !slices.Contains(r.nodes, n.Current()) {
				r.nodes = append(r.nodes, n.Current())
			}
		}
		if kind == xpathAny {
			r.kind = xpathUnorderedIterator
		}
		if kind >= xpathNumber && kind <= xpathBoolean {
			r.value = r.nodesAs(kind)
		}
	default:
		if kind > xpathBoolean {
			return nil, fmt.Errorf("the expression does not give nodes")
		}
		r.set(v, kind)
	}
	return r, nil
}

// nodesAs is a node set as a number, string or boolean.
func (r *xpathResult) nodesAs(kind int) any {
	first := ""
	if len(r.nodes) > 0 {
		first = textOf(r.nodes[0])
	}
	switch kind {
	case xpathNumber:
		return xpathToNumber(first)
	case xpathBoolean:
		return len(r.nodes) > 0
	}
	return first
}

func xpathToNumber(s string) float64 {
	f := math.NaN()
	_, _ = fmt.Sscanf(strings.TrimSpace(s), "%g", &f) // what is no number stays NaN
	return f
}

// set takes a value that is not nodes.
func (r *xpathResult) set(v any, kind int) {
	switch x := v.(type) {
	case float64:
		r.kind, r.value = xpathNumber, x
	case bool:
		r.kind, r.value = xpathBoolean, x
	default:
		r.kind, r.value = xpathString, fmt.Sprint(x)
	}
	text := fmt.Sprint(r.value)
	switch {
	case kind == xpathAny || kind == r.kind:
	case kind == xpathString:
		r.kind, r.value = kind, text
	case kind == xpathNumber:
		r.kind, r.value = kind, xpathToNumber(text)
	case kind == xpathBoolean:
		r.kind, r.value = kind, text != "" && text != "0" && text != "NaN"
	}
}

// navigatorAt is a navigator of the node's tree that stands at the node.
func navigatorAt(n *html.Node) *htmlquery.NodeNavigator {
	var path []*html.Node
	for p := n; p != nil; p = p.Parent {
		path = append(path, p)
	}
	nav := htmlquery.CreateXPathNavigator(path[len(path)-1])
	for i := len(path) - 2; i >= 0; i-- {
		ok := nav.MoveToChild()
		for ok && nav.Current() != path[i] {
			ok = nav.MoveToNext()
		}
		if !ok {
			return htmlquery.CreateXPathNavigator(n) // a node the navigator does not see
		}
	}
	return nav
}

// xpathEvaluate is document.evaluate.
func xpathEvaluate(c *idl.Call) goja.Value {
	source, at, kind := c.String(0), doc(c).node(), xpathAny
	if !idl.IsNullish(c.Arg(1)) {
		at = nodeArg(c, 1)
	}
	if !idl.IsNullish(c.Arg(3)) {
		kind = int(c.Arg(3).ToInteger())
	}
	r, err := evaluateXPath(source, at, kind)
	if err != nil {
		panic(c.Exception("SyntaxError", "Failed to execute 'evaluate' on 'Document': The string '%s' is not a valid XPath expression.", source))
	}
	return idl.Wrap(c.Realm, xpathResultInterface, r)
}

var xpathResultInterface = &idl.Interface{Name: "XPathResult"}

func init() {
	result := idl.This[*xpathResult]
	value := func(name string, kind int) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value {
			if r := result(c); r.kind == kind {
				return c.Value(r.value)
			}
			panic(idl.TypeError(c.Realm, "The result type is not %s.", strings.TrimSuffix(name, "Value")))
		}, nil)
	}
	for i, name := range []string{
		"ANY_TYPE", "NUMBER_TYPE", "STRING_TYPE", "BOOLEAN_TYPE", "UNORDERED_NODE_ITERATOR_TYPE", "ORDERED_NODE_ITERATOR_TYPE",
		"UNORDERED_NODE_SNAPSHOT_TYPE", "ORDERED_NODE_SNAPSHOT_TYPE", "ANY_UNORDERED_NODE_TYPE", "FIRST_ORDERED_NODE_TYPE",
	} {
		xpathResultInterface.Members = append(xpathResultInterface.Members, idl.Const(name, i))
	}
	nth := func(r *xpathResult, i int) goja.Value {
		if i < 0 || i >= len(r.nodes) {
			return goja.Null()
		}
		return r.doc.object(r.nodes[i])
	}
	xpathResultInterface.Members = append(xpathResultInterface.Members,
		idl.Attr("resultType", func(c *idl.Call) goja.Value { return c.Value(result(c).kind) }, nil),
		value("numberValue", xpathNumber), value("stringValue", xpathString), value("booleanValue", xpathBoolean),
		idl.Attr("singleNodeValue", func(c *idl.Call) goja.Value {
			r := result(c)
			if r.kind < xpathAnyUnordered {
				panic(idl.TypeError(c.Realm, "The result type is not a single node."))
			}
			return nth(r, 0)
		}, nil),
		idl.Attr("invalidIteratorState", func(c *idl.Call) goja.Value { result(c); return c.Value(false) }, nil),
		idl.Attr("snapshotLength", func(c *idl.Call) goja.Value { return c.Value(len(result(c).nodes)) }, nil),
		idl.Method("snapshotItem", 1, func(c *idl.Call) goja.Value { return nth(result(c), int(c.Arg(0).ToInteger())) }),
		idl.Method("iterateNext", 0, func(c *idl.Call) goja.Value {
			r := result(c)
			r.next++
			return nth(r, r.next-1)
		}),
	)
}
