package cdp

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	checkEverything = true
	goleak.VerifyTestMain(m)
}
