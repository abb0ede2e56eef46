# Logistic regression with an offset: glm(offset =), profile bounds, Rao's score test, clustered covariance.
# Run in this folder: Rscript offset.R > session_info.txt
suppressPackageStartupMessages({ library(sandwich) })
options(digits = 17)
rows <- read.csv("rows.csv")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
out <- list()
# bounds of the profile likelihood: the deviance of glm with one coefficient held rises by the quantile of chi-square
bounds <- function(fit, frame) {
  x <- model.matrix(fit)
  t(sapply(seq_along(coef(fit)), function(j) {
    excess <- function(b) {
      held <- suppressWarnings(glm.fit(x[, -j, drop = FALSE], fit$y, weights = fit$prior.weights,
        offset = frame$offset + b * x[, j], family = binomial(), control = tight))
      held$deviance - deviance(fit) - qchisq(0.95, 1)
    }
    step <- 5 * sqrt(vcov(fit)[j, j])
    sapply(c(-1, 1), function(side)
      uniroot(excess, sort(c(coef(fit)[j], coef(fit)[j] + side * step)), tol = 1e-13)$root)
  }))
}
add <- function(fit, name, clustered) {
  v <- if (clustered) vcovCL(fit, cluster = rows$cluster, type = "HC1", cadjust = TRUE) else vcov(fit)
  null <- update(fit, . ~ 1)
  profile <- if (clustered) matrix(NA, 3, 2) else bounds(fit, rows)
  rao <- if (clustered) NA else anova(update(fit, . ~ x1), fit, test = "Rao")[2, "Rao"]
  likelihood <- function(f) sum(f$prior.weights * (f$y * log(fitted(f)) + (1 - f$y) * log(1 - fitted(f))))
  out[[length(out) + 1]] <<- data.frame(
    fit = name, term = names(coef(fit)), coefficient = coef(fit), standard_error = sqrt(diag(v)),
    lower = profile[, 1], upper = profile[, 2], log_likelihood = likelihood(fit),
    null_log_likelihood = likelihood(null), rao = rao, row.names = NULL)
}
fit <- glm(y ~ x1 + x2, family = binomial, data = rows, offset = offset, control = tight)
add(fit, "nonrobust", FALSE)
weighted <- suppressWarnings(
  glm(y ~ x1 + x2, family = binomial, data = rows, weights = w, offset = offset, control = tight))
add(weighted, "weighted", FALSE)
add(fit, "cluster", TRUE)
free <- glm(y ~ offset + x1 + x2, family = binomial, data = rows, control = tight)
out[[4]] <- data.frame(
  fit = "freed", term = names(coef(free)), coefficient = coef(free), standard_error = sqrt(diag(vcov(free))),
  lower = NA, upper = NA, log_likelihood = as.numeric(logLik(free)), null_log_likelihood = NA, rao = NA,
  row.names = NULL)
table <- do.call(rbind, out)
for (name in setdiff(names(table), c("fit", "term"))) table[[name]] <- sprintf("%.17g", table[[name]])
write.csv(table, "expected.csv", row.names = FALSE, quote = c(1, 2))
cat("rows.csv: md5", tools::md5sum("rows.csv"), "\n")
print(sessionInfo())
