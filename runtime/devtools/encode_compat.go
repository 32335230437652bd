//go:build !(go1.27 || goexperiment.jsonv2) || cdproto_jsoncompat

package devtools

import (
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encodeAs encodes values of type *T as wire makes them; see cdproto's jsonv2 for why
// there are two of this file.
func encodeAs[T any](wire func(*T) any) *json.Marshalers {
	return json.MarshalToFunc(func(e *jsontext.Encoder, v *T) error { return jsonv2.MarshalEncode(e, wire(v)) })
}

func encoders(all ...*json.Marshalers) jsonv2.Options {
	return jsonv2.JoinOptions(jsonv2.DefaultOptionsV2(), jsonv2.AllowInvalidUTF8(true), json.WithMarshalers(json.JoinMarshalers(all...)))
}
