module banger.dev/tap-guest

go 1.26.0
