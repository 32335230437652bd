package pages

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

func (v RoutesView) noRules() string {
	if v.Version == nil {
		return "This registration has no version."
	}
	return "#" + v.Version.ID + " has no static routing rules: every request in scope reaches its fetch handler, if it has one."
}

// routeSourceWords is where a rule sends a request.
func routeSourceWords(s inspector.RouteSource) string {
	switch s.Type {
	case "network":
		return "network, the worker is not asked"
	case "fetch-event":
		return "the fetch handler"
	case "cache":
		if s.CacheName != "" {
			return "cache " + s.CacheName + ", else network"
		}
		return "any cache, else network"
	case "race-network-and-fetch-handler":
		return "network and fetch handler race"
	case "race-network-and-cache":
		return "network and cache race"
	}
	return s.String()
}

func sourceIcon(s inspector.RouteSource) string {
	switch {
	case strings.HasPrefix(s.Type, "race"):
		return "d-route"
	case s.Type == "network":
		return "s-net"
	case s.Type == "cache":
		return "s-cache"
	}
	return "s-made"
}

// routeState is what came of a rule for the tested request.
func routeState(row RouteRow) components.State {
	if row.Winner {
		return components.State{Icon: "d-route", Word: "decides", Class: "ok"}
	}
	switch row.Result.Result {
	case inspector.Pass:
		return components.State{Icon: "confirmed", Word: "would match", Class: "ok"}
	case inspector.Fail:
		return components.State{Icon: "failed", Word: "does not match", Class: "idle"}
	case inspector.Unknown:
		return components.State{Icon: "unanswered", Word: "not known", Class: "wait"}
	}
	return components.State{Icon: "minus", Word: "not reached", Class: "idle"}
}

// checkState is one condition of a rule with what the request had.
func (v RoutesView) checkState(c inspector.RouteCheck) components.State {
	words := c.Field
	switch {
	case c.Field == "urlPattern":
		words = "URL " + v.ownPath(inspector.PatternWords(c.Want))
	case c.Field == "or":
		words = "one of these"
	case c.Field == "not":
		words = "not this"
	case len(c.Of) > 0:
		words = "alternative " + strings.TrimPrefix(c.Field, "or ")
	case c.Got != "" && c.Got != c.Want:
		words += " " + c.Want + ", got " + c.Got
	default:
		words += " " + c.Want
	}
	switch c.Result {
	case inspector.Pass:
		return components.State{Icon: "confirmed", Word: words, Class: "ok"}
	case inspector.Fail:
		return components.State{Icon: "failed", Word: words, Class: "bad"}
	}
	if c.Detail != "" {
		words += ": " + c.Detail
	}
	return components.State{Icon: "unanswered", Word: words, Class: "wait"}
}

// ownPath writes URLs of the scope's own origin as paths.
func (v RoutesView) ownPath(words string) string {
	return strings.ReplaceAll(words, components.Origin(v.Reg.Scope)+"/", "/")
}

func prettyJSON(raw string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(raw), "", "  ") != nil {
		return raw
	}
	return out.String()
}
