"""What Resource Manager answers itself: every call's admission, subscriptions, groups, tags and roles."""
