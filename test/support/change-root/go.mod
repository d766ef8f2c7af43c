module banger.dev/change-root

go 1.26.0
