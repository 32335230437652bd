package runtime

import "fmt"

func typeError(format string, args ...any) *Exception {
	return &Exception{Name: "TypeError", Message: fmt.Sprintf(format, args...)}
}

func securityError(format string, args ...any) *Exception {
	return &Exception{Name: "SecurityError", Message: fmt.Sprintf(format, args...)}
}

func invalidState(format string, args ...any) *Exception {
	return &Exception{Name: "InvalidStateError", Message: fmt.Sprintf(format, args...)}
}
