package pages

// StartView is what [Start] shows.
type StartView struct {
	CanLaunch bool
}
