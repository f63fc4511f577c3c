//go:build tools

// Package tools names the programs whose versions go.mod pins.
package tools

import (
	_ "github.com/flant/addon-operator/cmd/addon-operator"
)
