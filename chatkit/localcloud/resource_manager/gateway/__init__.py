"""What Resource Manager answers itself: admission, subscriptions, groups, tags, roles."""
