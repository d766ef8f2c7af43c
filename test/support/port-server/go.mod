module banger.dev/port-server

go 1.26.0
