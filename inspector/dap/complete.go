package dap

import (
	"strings"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector/debugger"
)

// completing lists the properties whose names go on from a prefix.
func completing(all []debugger.Property, prefix string, start int) []godap.CompletionItem {
	var items []godap.CompletionItem
	for _, p := range all {
		if p.Internal || !identifier.MatchString(p.Name) || !strings.HasPrefix(p.Name, prefix) {
			continue
		}
		item := godap.CompletionItem{Label: p.Name, Type: "property", Start: start, Length: len([]rune(prefix))}
		if p.Value.Type == "function" {
			item.Type = "method"
		}
		items = append(items, item)
	}
	return items
}
