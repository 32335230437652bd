package serviceworker

import (
	"context"

	"github.com/swinspect/swinspect/runtime"
)

func (a *Agent) evaluateModule(ctx context.Context) error {
	return &runtime.ScriptError{Name: "TypeError", Message: "module workers are not built yet"}
}
