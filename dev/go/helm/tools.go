//go:build tools

// Package tools pins the Helm that the take-over tests run.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
)
