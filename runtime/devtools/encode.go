package devtools

import (
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// remoteObject and deepValue are cdproto's types without omitempty on values that
// are JSON: a null, an empty string or an empty list is a value, and clients read it.
type remoteObject struct {
	Type                runtime.RemoteObjectType     `json:"type"`
	Subtype             runtime.RemoteObjectSubtype  `json:"subtype,omitzero"`
	ClassName           string                       `json:"className,omitzero"`
	Value               jsonv2.Value                 `json:"value,omitzero"`
	UnserializableValue runtime.UnserializableValue  `json:"unserializableValue,omitzero"`
	Description         string                       `json:"description,omitzero"`
	DeepSerializedValue *runtime.DeepSerializedValue `json:"deepSerializedValue,omitzero"`
	ObjectID            runtime.RemoteObjectID       `json:"objectId,omitzero"`
	Preview             *runtime.ObjectPreview       `json:"preview,omitzero"`
	CustomPreview       *runtime.CustomPreview       `json:"customPreview,omitzero"`
}

type deepValue struct {
	Type                     runtime.DeepSerializedValueType `json:"type"`
	Value                    jsonv2.Value                    `json:"value,omitzero"`
	ObjectID                 string                          `json:"objectId,omitzero"`
	WeakLocalObjectReference int64                           `json:"weakLocalObjectReference,omitzero"`
}

// propertyPreview has the empty text of an empty string too; only an accessor has none.
type propertyPreview struct {
	Name         string                         `json:"name"`
	Type         runtime.PropertyPreviewType    `json:"type"`
	Value        *string                        `json:"value,omitzero"`
	ValuePreview *runtime.ObjectPreview         `json:"valuePreview,omitzero"`
	Subtype      runtime.PropertyPreviewSubtype `json:"subtype,omitzero"`
}

func propertyPreviewOnWire(p *runtime.PropertyPreview) any {
	w := propertyPreview{p.Name, p.Type, &p.Value, p.ValuePreview, p.Subtype}
	if p.Type == runtime.PropertyPreviewTypeAccessor {
		w.Value = nil
	}
	return w
}

// plainRequest is network.Request without postData, which cdproto no longer has and
// clients read.
type plainRequest network.Request

type wireRequest struct {
	*plainRequest
	PostData string `json:"postData,omitzero"`
}

func requestOnWire(r *network.Request) any {
	w := wireRequest{plainRequest: (*plainRequest)(r)}
	for _, e := range r.PostDataEntries {
		w.PostData += string(e.Bytes)
	}
	return w
}

var wireOptions = encoders(
	encodeAs(requestOnWire),
	encodeAs(func(r *runtime.RemoteObject) any { return (*remoteObject)(r) }),
	encodeAs(propertyPreviewOnWire),
	encodeAs(func(d *runtime.DeepSerializedValue) any { return (*deepValue)(d) }),
)

// encode writes a result or an event's parameters as Chromium does.
func encode(v any) (jsonv2.Value, error) { return jsonv2.Marshal(v, wireOptions) }

// encoded is an event's parameters for a cdp.ServerSession.
type encoded struct{ params any }

// MarshalJSON is json.Marshaler's.
func (e encoded) MarshalJSON() ([]byte, error) { return encode(e.params) }
