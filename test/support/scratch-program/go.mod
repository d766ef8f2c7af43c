module banger.dev/test/scratch

go 1.26.0
