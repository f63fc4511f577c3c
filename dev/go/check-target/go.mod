module service-with-healthchecks/dev/go/check-target

go 1.24.0
