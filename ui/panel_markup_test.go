package ui

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// evilText is what a page, a cache or a console may contain.
const evilText = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</textarea></title>&amp;{{x}}` + "\u202e\x00"

// checkMarkup holds for every page: no inline script or style, ids once, no
// hostile text that became markup, labels for what needs them.
func checkMarkup(t testing.TB, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	ids := map[string]int{}
	walk(doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "style", strings.HasPrefix(a.Key, "on") && a.Key != "on":
				t.Errorf("<%s> has a %s attribute", n.Data, a.Key)
			case a.Key == "id":
				ids[a.Val]++
			case (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style":
			t.Error("a <style> element")
		case "script":
			if attr(n, "src") == "" || n.FirstChild != nil {
				t.Error("an inline script")
			}
		case "img":
			t.Errorf("an <img src=%q>: hostile text became markup", attr(n, "src"))
		case "table":
			if first(n, "caption") == nil {
				t.Error("a table without a caption")
			}
		case "th":
			if attr(n, "scope") == "" {
				t.Error("a th without scope")
			}
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" && attr(n, "aria-label") == "" && !inside(n, "label") {
				t.Errorf("<%s name=%q> has no label", n.Data, attr(n, "name"))
			}
		case "a", "button":
			if strings.TrimSpace(text(n)) == "" && attr(n, "aria-label") == "" {
				t.Errorf("<%s href=%q> has no name", n.Data, attr(n, "href"))
			}
		case "iframe":
			if attr(n, "title") == "" || !has(n, "sandbox") || attr(n, "sandbox") != "" {
				t.Errorf("an iframe without a title or with rights: %v", n.Attr)
			}
		}
	})
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
	if m := regexp.MustCompile(`[^"=]<script>alert`).FindString(page); m != "" {
		t.Errorf("hostile text is markup: %s", m)
	}
}

func walk(n *html.Node, f func(*html.Node)) {
	f(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, f)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func inside(n *html.Node, element string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == element {
			return true
		}
	}
	return false
}

func first(n *html.Node, element string) *html.Node {
	var found *html.Node
	walk(n, func(c *html.Node) {
		if found == nil && c.Type == html.ElementNode && c.Data == element {
			found = c
		}
	})
	return found
}

func text(n *html.Node) string {
	var b strings.Builder
	walk(n, func(c *html.Node) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	})
	return b.String()
}

// find lists the elements for which a page has the class.
func find(t testing.TB, page, element, class string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []*html.Node
	walk(doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == element && (class == "" || slices.Contains(strings.Fields(attr(n, "class")), class)) {
			out = append(out, n)
		}
	})
	return out
}
