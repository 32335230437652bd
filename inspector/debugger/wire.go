package debugger

import (
	"encoding/json"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

// What the wire says, as far as it matters here. cdproto's own types refuse values they
// do not know, which a newer browser may send.

type wirePosition struct {
	ScriptID string `json:"scriptId"`
	Line     int    `json:"lineNumber"`
	Column   int    `json:"columnNumber"`
}

type wireObject struct {
	Type           string          `json:"type"`
	Subtype        string          `json:"subtype"`
	Class          string          `json:"className"`
	Value          json.RawMessage `json:"value"`
	Unserializable string          `json:"unserializableValue"`
	Description    string          `json:"description"`
	ObjectID       string          `json:"objectId"`
	Preview        *wirePreview    `json:"preview"`
}

type wirePreview struct {
	Type        string               `json:"type"`
	Subtype     string               `json:"subtype"`
	Description string               `json:"description"`
	Overflow    bool                 `json:"overflow"`
	Properties  []wirePropertyGlance `json:"properties"`
	Entries     []struct {
		Key   *wirePreview `json:"key"`
		Value *wirePreview `json:"value"`
	} `json:"entries"`
}

type wirePropertyGlance struct {
	Name    string       `json:"name"`
	Type    string       `json:"type"`
	Subtype string       `json:"subtype"`
	Value   string       `json:"value"`
	Preview *wirePreview `json:"valuePreview"`
}

type wireScope struct {
	Type   string      `json:"type"`
	Name   string      `json:"name"`
	Object *wireObject `json:"object"`
}

type wireFrame struct {
	ID       string       `json:"callFrameId"`
	Function string       `json:"functionName"`
	Location wirePosition `json:"location"`
	Scopes   []wireScope  `json:"scopeChain"`
	This     *wireObject  `json:"this"`
	Return   *wireObject  `json:"returnValue"`
}

type wireStack struct {
	Description string `json:"description"`
	CallFrames  []struct {
		Function string `json:"functionName"`
		URL      string `json:"url"`
		wirePosition
	} `json:"callFrames"`
	Parent *wireStack `json:"parent"`
}

type wirePaused struct {
	Frames []wireFrame     `json:"callFrames"`
	Reason string          `json:"reason"`
	Data   json.RawMessage `json:"data"`
	Hit    []string        `json:"hitBreakpoints"`
	Async  *wireStack      `json:"asyncStackTrace"`
}

type wireScript struct {
	ScriptID  string `json:"scriptId"`
	URL       string `json:"url"`
	StartLine int    `json:"startLine"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	Hash      string `json:"hash"`
	SourceMap string `json:"sourceMapURL"`
	Module    bool   `json:"isModule"`
	Context   int    `json:"executionContextId"`
}

type wireException struct {
	Text      string      `json:"text"`
	URL       string      `json:"url"`
	Line      int         `json:"lineNumber"`
	Column    int         `json:"columnNumber"`
	Exception *wireObject `json:"exception"`
	Stack     *wireStack  `json:"stackTrace"`
}

// text is what was thrown, in one line.
func (x *wireException) text() string {
	if x.Exception != nil {
		return firstLine(describe(x.Exception))
	}
	return x.Text
}

// wireResult is what evaluating gives.
type wireResult struct {
	Result    *wireObject    `json:"result"`
	Exception *wireException `json:"exceptionDetails"`
}

func decode[T any](raw jsonv2.Value) (*T, bool) {
	v := new(T)
	if err := cdp.Decode(raw, v); err != nil {
		return nil, false
	}
	return v, true
}
