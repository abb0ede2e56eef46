# Reference results of generalised linear models, by R's glm with statmod's Tweedie family, sandwich, and plain sums.
# Run in this folder: Rscript glm.R. Writes results.csv and session_info.txt, which the tests read; they need no R.
suppressMessages({library(statmod); library(sandwich)})
options(digits = 17)
d <- read.csv("data.csv", stringsAsFactors = TRUE)
tight <- glm.control(epsilon = 1e-15, maxit = 500)
# glm stops when the deviance stands still, which is flat at its least: start again until the coefficients do
settled <- function(fit) {
  again <- d
  again$prior <- fit$prior.weights
  again$shift <- if (is.null(fit$offset)) 0 else fit$offset
  for (k in 1:60)
    fit <- glm(formula(fit), family = fit$family, data = again, weights = prior, offset = shift, start = coef(fit),
               control = tight)
  fit
}
rows <- list()
note <- function(model, quantity, term, value)
  rows[[length(rows) + 1]] <<- data.frame(model, quantity, term, value = sprintf("%.17g", value))

describe <- function(name, fit) {
  fit <- settled(fit)
  s <- summary(fit)
  for (t in rownames(s$coefficients)) {
    note(name, "coefficient", t, s$coefficients[t, 1])
    note(name, "standard_error", t, s$coefficients[t, 2])
    note(name, "statistic", t, s$coefficients[t, 3])
    note(name, "p_value", t, s$coefficients[t, 4])
  }
  note(name, "dispersion", "", s$dispersion)
  note(name, "deviance", "", fit$deviance)
  note(name, "null_deviance", "", fit$null.deviance)
  for (kind in c("pearson", "deviance", "response"))
    for (i in 1:20) note(name, paste0("residual_", kind), i, residuals(fit, type = kind)[i])
}

d$one <- 1; d$nought <- 0; d$log_exposure <- log(d$exposure)
tweedie_fit <- function(p, weights = "one", offset = "nought") {
  d$w <<- d[[weights]]; d$o <<- d[[offset]]
  glm(loss ~ x1 + x2 + region, family = tweedie(var.power = p, link.power = 0), data = d, weights = w, offset = o,
      control = tight)
}
describe("tweedie_1.5_weighted_offset", tweedie_fit(1.5, "weight", "log_exposure"))
describe("tweedie_1.2", tweedie_fit(1.2))
describe("tweedie_1.8_offset", tweedie_fit(1.8, offset = "log_exposure"))

gamma_fit <- glm(severity ~ x1 + x2 + region, family = Gamma(link = "log"), data = d, weights = weight,
                 offset = log(exposure), control = tight)
gamma_fit <- settled(gamma_fit)
describe("gamma_weighted_offset", gamma_fit)
describe("gamma", glm(severity ~ x1 + x2 + region, family = Gamma(link = "log"), data = d, control = tight))
for (i in 1:20) note("gamma_weighted_offset", "residual_quantile", i, qres.gamma(gamma_fit)[i])

for (link in c("logit", "probit")) {
  fit <- glm(fraction ~ x1 + x2 + region, family = quasibinomial(link = link), data = d, weights = weight,
             control = tight)
  fit <- settled(fit)
  name <- paste0("fractional_", link)
  describe(name, fit)
  for (type in c("HC0", "HC1")) {
    errors <- sqrt(diag(vcovHC(fit, type = type)))
    for (t in names(errors)) note(name, paste0("standard_error_", type), t, errors[t])
  }
}

# beta regression: the likelihood of R's dbeta maximised, ln of the precision last
X <- model.matrix(inner ~ x1 + x2 + region, d)
loss_of <- function(theta) {
  mu <- plogis(X %*% head(theta, -1)); phi <- exp(tail(theta, 1))
  -sum(d$weight * dbeta(d$inner, mu * phi, (1 - mu) * phi, log = TRUE))
}
theta <- rep(0, ncol(X) + 1)
for (k in 1:30) theta <- optim(theta, loss_of, method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))$par
for (k in 1:20) {  # Newton steps on central differences
  step <- 1e-4
  g <- sapply(seq_along(theta), function(i) {e <- replace(0 * theta, i, step); (loss_of(theta + e) - loss_of(theta - e)) / (2 * step)})
  theta <- theta - solve(optimHess(theta, loss_of), g)
}
for (i in seq_len(ncol(X))) note("beta_weighted", "coefficient", colnames(X)[i], theta[i])
note("beta_weighted", "log_precision", "", tail(theta, 1))
note("beta_weighted", "log_likelihood", "", -loss_of(theta))

# Tweedie as what it is, a Poisson number of gamma amounts: density and distribution function by plain sums
compound <- function(y, mu, phi, p, most = 20000) {
  lambda <- mu^(2 - p) / (phi * (2 - p)); alpha <- (2 - p) / (p - 1); scale <- phi * (p - 1) * mu^(p - 1)
  j <- 1:most
  if (y == 0) return(c(-lambda, exp(-lambda)))
  terms <- dpois(j, lambda, log = TRUE) + dgamma(y, shape = j * alpha, scale = scale, log = TRUE)
  top <- max(terms)
  c(top + log(sum(exp(terms - top))), exp(-lambda) + sum(dpois(j, lambda) * pgamma(y, shape = j * alpha, scale = scale)))
}
grid <- expand.grid(y = c(0, 1e-3, 0.2, 1, 7.5, 300), mu = c(0.5, 3), phi = c(0.05, 1, 12), p = c(1.05, 1.3, 1.5, 1.75, 1.95))
for (i in seq_len(nrow(grid))) {
  g <- grid[i, ]
  found <- compound(g$y, g$mu, g$phi, g$p)
  label <- sprintf("%.17g|%.17g|%.17g|%.17g", g$y, g$mu, g$phi, g$p)
  note("tweedie_distribution", "log_density", label, found[1])
  note("tweedie_distribution", "distribution", label, found[2])
}

# profile likelihood of the variance power: coefficients by glm, dispersion by one-dimensional maximisation
for (p in c(1.25, 1.45, 1.65)) {
  fit <- settled(tweedie_fit(p, "weight", "log_exposure"))
  total <- function(log_phi)
    sum(sapply(seq_len(nrow(d)), function(i) compound(d$loss[i], fitted(fit)[i], exp(log_phi) / d$weight[i], p, 400)[1]))
  best <- optimize(total, log(summary(fit)$dispersion) + c(-2, 2), maximum = TRUE, tol = 1e-10)
  note("tweedie_profile", "dispersion", sprintf("%.17g", p), exp(best$maximum))
  note("tweedie_profile", "log_likelihood", sprintf("%.17g", p), best$objective)
}

write.csv(do.call(rbind, rows), "results.csv", row.names = FALSE, quote = FALSE)
writeLines(c(paste("data.csv MD5", tools::md5sum("data.csv")), capture.output(sessionInfo())), "session_info.txt")
