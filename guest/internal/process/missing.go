package process

import "banger.dev/guest/internal/users"

// Missing returns those of the names that a process of this spec would not find.
func Missing(spec Spec, names []string) ([]string, error) {
	user, err := users.Lookup(spec.User)
	if err != nil {
		return nil, failure(NoSuchUser, "%s", bounded(err.Error()))
	}
	cwd, why := workingDirectory(spec, user)
	if why != nil {
		return nil, why
	}
	var missing []string
	for _, name := range names {
		if _, why := lookup(name, searchPath(spec), cwd); why != nil {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

func searchPath(spec Spec) string {
	if path, given := spec.Env["PATH"]; given {
		return path
	}
	return DefaultPath
}
