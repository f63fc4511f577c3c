module service-with-healthchecks/images/runtime/launcher

go 1.24.0
