//go:build (go1.27 || goexperiment.jsonv2) && !cdproto_jsoncompat

package cdp

import (
	"encoding/json/jsontext"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// allowDuplicateNames is the option cdproto's jsonv2 package does not pass on:
// peers other than Chromium repeat a name now and then, and the last one wins.
func allowDuplicateNames() jsonv2.Options { return jsontext.AllowDuplicateNames(true) }
